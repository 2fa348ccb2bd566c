"""The board as the API shows it."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel

from guanxi_pipeline.opportunities.schemas import FlaggedOpportunity
from guanxi_pipeline.pipelines.schemas import StageKind
from guanxi_pipeline.rates.schemas import RateUsed
from guanxi_shared.money import Money


class Converted(Money):
    """A sum over currencies, with the rates it rests on."""

    rates: list[RateUsed]


class BoardStage(BaseModel):
    id: UUID
    name: str
    kind: StageKind
    probability: float
    is_removed: bool
    count: int
    without_amount: int
    sums: list[Money]
    weighted: list[Money]
    converted: Converted | None
    converted_weighted: Converted | None
    cards: list[FlaggedOpportunity]
    has_more: bool


class BoardTotal(BaseModel):
    count: int
    sums: list[Money]
    weighted: list[Money]
    converted: Converted | None
    converted_weighted: Converted | None


class Board(BaseModel):
    """Sums are per currency, and converted into `currency` as of `rate_on` where every rate is known;
    `missing_rates` names those that are not. `total` is of the open stages."""

    pipeline_id: UUID
    name: str
    currency: str
    rate_on: date
    missing_rates: list[str]
    stages: list[BoardStage]
    total: BoardTotal

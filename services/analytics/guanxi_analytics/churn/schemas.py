"""Churn and win-back as the API shows them."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from guanxi_analytics.customers.schemas import Reasons
from guanxi_shared.documents import Page
from guanxi_shared.money import Money

EXAMPLE: dict[str, Any] = {
    "status": "warned", "by": "model", "rule": "Silent for more than 3 of their own usual intervals.",
    "model": None, "horizon_weeks": 26, "tested": None, "data": [],
    "page": {"next_cursor": None, "has_more": False, "total": None},
}  # fmt: skip


class ModelTold(BaseModel):
    url: str
    verdict: str
    sentence: str
    until: date


class Tested(BaseModel):
    """Of the first `capacity` at each past moment the share that bought nothing within the horizon, with its 95%
    interval, beside that of the longest silent and of anybody; `found`: of all who were gone, the share among them."""

    capacity: int
    called: int
    moments: int
    precision: float
    low: float
    high: float
    precision_of_rule: float
    of_all: float
    found: float | None
    sentence: str


class Leaving(BaseModel):
    """`is_silent`: the naive rule warns too. `lost_on` is the day from which one who buys nothing more is counted as lost,
    `lead_days` how long that is from the day of the fit. `value` is what is expected of them, `value_if_back` what would be
    if they bought today: null for those who do not see all orders."""

    account_id: UUID
    name: str
    last_on: date
    repeats: int
    silent_days: int
    silent_intervals: float | None
    is_silent: bool
    alive: float | None
    reasons: Reasons | None
    lost_on: date | None
    lead_days: int | None
    value: Money | None
    value_if_back: Money | None


class Churn(BaseModel):
    """`by` says what the list was made by: the model where it beat the rule on the past, else the rule."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    status: Literal["warned", "lost"]
    by: Literal["model", "rule"]
    rule: str
    model: ModelTold | None
    horizon_weeks: int | None
    tested: Tested | None
    data: list[Leaving]
    page: Page


class Returner(BaseModel):
    """`expected` is chance × (value_if_back - value) - cost, above 0."""

    account_id: UUID
    name: str
    last_on: date
    repeats: int
    alive: float
    value: Money
    value_if_back: Money
    expected: Money


class WinBack(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "currency": "CNY", "chance": 0.1, "cost": {"amount": "500.00", "currency": "CNY"},
                "sentence": "Expected is 10%, your guess of how often it works, of what …", "horizon_weeks": 52, "data": [],
                "page": {"next_cursor": None, "has_more": False, "total": None},
            }
        }
    )  # fmt: skip

    currency: str | None
    chance: float
    cost: Money
    sentence: str
    horizon_weeks: float | None
    data: list[Returner]
    page: Page

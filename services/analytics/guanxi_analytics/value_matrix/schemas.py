"""The value matrix and its customers as the API shows them."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from guanxi_shared.documents import Page
from guanxi_shared.money import Money

Quadrant = Literal["protect", "grow", "harvest", "maintain", "uncertain"]
EXAMPLE: dict[str, Any] = {
    "currency": "CNY", "verdict": "use", "until": "2026-11-01", "quadrants": [],
    "cuts": {"present": {"amount": "40000", "currency": "CNY"}, "potential": {"amount": "12000.00", "currency": "CNY"}},
}  # fmt: skip


class Labels(BaseModel):
    en: str
    zh: str


class Cuts(BaseModel):
    present: Money
    potential: Money


class QuadrantSums(BaseModel):
    """Sums are null for those who do not see all orders."""

    quadrant: Quadrant
    labels: Labels
    customers: int
    present: Money | None
    potential: Money | None


class ValueMatrix(BaseModel):
    """Of the customers that the caller sees. `sentence` says what the model behind `potential` was worth."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    currency: str | None
    model: str
    verdict: str
    sentence: str
    until: date
    cuts: Cuts | None
    quadrants: list[QuadrantSums]


class ValueMatrices(BaseModel):
    data: list[ValueMatrix]


class MatrixCustomer(BaseModel):
    """`silent_intervals` is the naive churn rule: the silence as a multiple of the own usual interval. `at_risk` is the
    value that is expected times the chance that it will not come: null, as the others, for whom the orders are not."""

    account_id: UUID
    name: str
    currency: str
    quadrant: Quadrant | None
    before: Quadrant | None
    moved_at: datetime | None
    repeats: int
    last_on: date
    silent_days: int
    silent_intervals: float | None
    alive: float
    present: Money | None
    potential: Money | None
    at_risk: Money | None


class MatrixCustomers(BaseModel):
    data: list[MatrixCustomer]
    page: Page

"""A customer as analytics shows them."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from guanxi_shared.money import Money


class Purchases(BaseModel):
    """Of the orders that the caller sees, in one currency: net of returns, `bought` before them; `margin` is
    null unless every cost is known."""

    currency: str
    orders: int
    days: int
    amount: Money
    bought: Money
    margin: Money | None
    first_on: date | None
    last_on: date | None
    days_since_last: int | None


class Scores(BaseModel):
    currency: str
    recency: int
    frequency: int
    monetary: int
    grade: str
    scored_at: datetime
    means: dict[str, str]


class Reasons(BaseModel):
    """`silent_intervals` is the naive rule: the silence as a multiple of the own usual interval. `contributions` add up
    to the logarithm of the odds of being alive, exactly."""

    silent_days: int
    usual_interval_days: float | None
    silent_intervals: float | None
    contributions: dict[str, float] | None
    if_bought_today: float | None
    sentence: str


class Value(BaseModel):
    """Of what is to come within the horizon, discounted; 95 % of what the parameters allow. `of` is margin where every
    cost is known, else revenue."""

    expected: Money
    low: Money
    high: Money
    of: str
    horizon_weeks: float
    discount: float


class Outlook(BaseModel):
    """What the model in use expects at the end of `until`. `value` is null where some of the customer's orders are not the caller's to see."""

    currency: str
    alive: float
    purchases: float
    until: date
    value: Value | None
    reasons: Reasons
    model_id: UUID
    verdict: str
    model: str


class Customer(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "name": "华东机电", "grade": "A",
                "lifecycle_stage": "customer", "purchases": [], "scores": [], "outlooks": [],
            }
        }
    )  # fmt: skip

    account_id: UUID
    name: str
    grade: str | None
    lifecycle_stage: str | None
    purchases: list[Purchases]
    scores: list[Scores]
    outlooks: list[Outlook]

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


class Customer(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "name": "华东机电", "grade": "A",
                "lifecycle_stage": "customer", "purchases": [], "scores": [],
            }
        }
    )  # fmt: skip

    account_id: UUID
    name: str
    grade: str | None
    lifecycle_stage: str | None
    purchases: list[Purchases]
    scores: list[Scores]

"""What retention is worth, as the API shows it."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from guanxi_analytics.cohorts.schemas import Proportion
from guanxi_shared.money import Money


class Costs(BaseModel):
    """`times`: acquiring costs so many times what keeping does."""

    acquisition: Money | None
    retention: Money | None
    new_customer_leaves: Money | None
    retention_leaves: Money | None
    times: float | None


class Worth(BaseModel):
    """Of the customers of one currency. `yearly` is what one who stayed brought this year, `multiple` r / (1 + i - r),
    `lifetime_value` their product; `lost_brought` what those who left had brought the year before, `lost_value` that times
    the multiple. Null of fewer than 30 customers."""

    currency: str
    of: Literal["margin", "revenue"]
    customers: int
    kept: int
    lost: int
    gained: int
    retention: Proportion | None
    yearly: Money | None
    multiple: float | None
    lifetime_value: Money | None
    worth_of_retention: Money | None
    lost_brought: Money
    lost_value: Money | None
    costs: Costs | None
    sentence: str


class Retention(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "until": "2026-06-30", "as_of": "2026-07-01T08:00:00Z", "discount": 0.1, "points": 0.05,
                "contracts": "That of customers who may come and go, …", "data": [],
            }
        }
    )  # fmt: skip

    until: date
    as_of: datetime
    discount: float
    points: float
    contracts: str
    data: list[Worth]

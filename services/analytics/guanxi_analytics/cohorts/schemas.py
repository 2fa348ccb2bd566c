"""Cohorts as the API shows them."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from guanxi_shared.money import Money


class Proportion(BaseModel):
    count: int
    n: int
    share: float | None
    low: float | None
    high: float | None


class Cell(BaseModel):
    """The n-th period after the one of the first purchase (0). `retention` is null of cohorts of fewer than ten;
    `is_whole`: it has ended."""

    n: int
    customers: int
    revenue: list[Money]
    retention: Proportion | None
    is_whole: bool


class CohortRow(BaseModel):
    cohort: date
    customers: int
    periods: list[Cell]


class Overall(BaseModel):
    n: int
    customers: int
    retention: Proportion | None


class Cohorts(BaseModel):
    """Customers by the period in which they first bought, of the orders that the caller sees."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "period": "quarter", "until": "2026-06-30", "as_of": "2026-07-01T08:00:00Z",
                "sentence": "Customers without a contract do not say when they leave: …", "data": [], "overall": [],
            }
        }
    )  # fmt: skip

    period: Literal["month", "quarter", "year"]
    until: date
    as_of: datetime
    sentence: str
    data: list[CohortRow]
    overall: list[Overall]

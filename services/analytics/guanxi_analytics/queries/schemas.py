"""Answers of queries as the API shows them."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Labels(BaseModel):
    en: str
    zh: str


class AboutMeasure(BaseModel):
    name: str
    labels: Labels
    unit: str


class AboutDimension(BaseModel):
    name: str
    labels: Labels
    is_many_valued: bool = Field(
        default=False,
        description="A fact counts in each of the rows that it has a value of, and once in totals, which rows do not add up to.",
    )


class AnsweredPeriod(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="from")
    until: date


class Records(BaseModel):
    """Send `body` to `path`: the very rows that were summed."""

    path: str
    body: dict[str, Any]


class Row(BaseModel):
    """`values` by measure: money as `{"amount", "currency"}`, null where there is nothing to divide by."""

    dimensions: dict[str, str | None]
    currency: str | None
    values: dict[str, Any]
    records: list[Records]
    compared: dict[str, Any] | None = None
    change: dict[str, Any] | None = None
    is_suppressed: bool = Field(
        default=False,
        description="Too few customers are behind it (`smallest_cell`), or it would tell such a row; figures are null.",
    )


class QueryAnswer(BaseModel):
    """`names` says what ids among the dimensions are called; `row_count` is that before `top`."""

    as_of: datetime
    period: AnsweredPeriod | None
    measures: list[AboutMeasure]
    dimensions: list[AboutDimension]
    rows: list[Row]
    row_count: int
    smallest_cell: int | None = Field(
        default=None, description="Where the installation hides rows of fewer customers."
    )
    totals: list[Row]
    names: dict[str, dict[str, str]]


class DescribedMeasure(AboutMeasure):
    cube: str
    permission: str
    dimensions: list[str]


class Catalogue(BaseModel):
    measures: list[DescribedMeasure]
    dimensions: list[AboutDimension]
    filters: dict[str, list[str]]


class Facts(BaseModel):
    data: list[dict[str, Any]]
    next: str | None

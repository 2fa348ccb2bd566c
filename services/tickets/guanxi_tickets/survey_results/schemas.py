"""Results as the API shows them."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.documents import SearchDocument
from guanxi_tickets.surveys.schemas import Kind


class Share(BaseModel):
    """With a 95% interval (Wilson)."""

    count: int
    n: int
    share: float | None
    low: float | None
    high: float | None


class Figure(BaseModel):
    """`value` with its 95% interval, `low` to `high`; null where there is nothing to say."""

    model_config = ConfigDict(extra="allow")

    n: int
    value: float | None
    low: float | None
    high: float | None


class Change(BaseModel):
    """From the period before. `is_clear`: the interval excludes 0, and both periods have answers enough."""

    value: float
    low: float
    high: float
    is_clear: bool


class PeriodResults(BaseModel):
    """`invited`, `answered` and `partial` are of those who were asked in the period; the rest is of answers that
    came in it. `is_enough`: at least the survey's `least_n`; with fewer nothing is to be claimed or
    coloured. `invitations` and `answers` are the search documents that find the rows; of a past moment by their
    ids, null of none and of more than 1,000."""

    model_config = ConfigDict(populate_by_name=True)

    from_: date = Field(alias="from")
    to: date
    invited: int
    answered: int
    partial: int
    response_rate: Share
    score: Figure | None
    is_enough: bool | None
    change: Change | None
    questions: list[dict[str, Any]]
    items: list[dict[str, Any]]
    invitations: SearchDocument | None
    answers: SearchDocument | None


class Results(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    as_of: datetime
    survey_id: UUID
    kind: Kind
    from_: date = Field(alias="from")
    to: date
    by: Literal["none", "day", "week", "month", "quarter", "year"]
    time_zone: str
    least_n: int
    periods: list[PeriodResults]

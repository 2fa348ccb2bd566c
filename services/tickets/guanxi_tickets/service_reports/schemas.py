"""Reports over tickets as the API shows them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from guanxi_shared.documents import Filter, SearchDocument

ClockKind = Literal["first_response", "next_response", "update", "resolution", "promise"]


class Found(BaseModel):
    """`document` finds the rows at `/v1/tickets/search`. Of a past moment it names them by their ids, and is
    null where there are none, or more than 1,000."""

    n: int
    document: SearchDocument | None


class Spread(BaseModel):
    """Seconds, of the n tickets that have such a time."""

    n: int
    median: int | None
    p90: int | None
    mean: int | None


class AgeSpread(Spread):
    oldest: int | None


class Share(BaseModel):
    """0 to 1 with the interval of 95 % by Wilson; null of nothing."""

    share: float | None
    low: float | None
    high: float | None


class AgeBucket(Found):
    from_days: int
    before_days: int | None


class BacklogRow(Found):
    """`overdue`: something that is promised was due before."""

    key: str | None
    unassigned: Found
    overdue: Found
    age: AgeSpread
    ages: list[AgeBucket]


class Reopened(Found, Share):
    pass


class TimedSpread(Spread):
    """`document` finds those n tickets."""

    document: SearchDocument | None


class Attainment(Found):
    """Of the n tickets that had this clock (cancelled ones aside): `running` are those whose clock goes on or stands still
    and was never late, `breached` those of which any run was late. `attained` is the share of the others among all
    that are decided."""

    clock: ClockKind
    running: Found
    breached: Found
    attained: Share


class SolvedRow(Found):
    """`resolution`: from when it was made to when it was solved for the last time; `first_response`: to the
    first public reply of an agent. `reopened`: at least once."""

    key: str | None
    resolution: TimedSpread
    first_response: TimedSpread
    reopened: Reopened
    sla: list[Attainment]


class PromisedRow(Found):
    """Of tickets made in the period, solved or not. `unanswered`: open, and no agent has replied yet; `breached`: any run of
    any clock was late."""

    key: str | None
    first_response: TimedSpread
    unanswered: Found
    breached: Found
    sla: list[Attainment]


class Report(BaseModel):
    as_of: datetime
    filters: list[Filter] = Field(description="What all figures have in common.")
    group_by: str | None


class BacklogReport(Report):
    groups: list[BacklogRow]
    total: BacklogRow


class SolvedReport(Report):
    groups: list[SolvedRow]
    total: SolvedRow


class PromisedReport(Report):
    groups: list[PromisedRow]
    total: PromisedRow

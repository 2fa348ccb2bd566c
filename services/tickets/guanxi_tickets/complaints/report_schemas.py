"""The report over complaints as the API shows it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from guanxi_shared.documents import Filter, SearchDocument
from guanxi_tickets.complaints.step_names import StepName


class Figure(BaseModel):
    """`n` complaints; `document` finds them at `/v1/complaints/search`: of the past by their ids, null of more than
    1,000. `share` is of all complaints of the report, null of none."""

    n: int
    share: float | None
    document: SearchDocument | None


class CauseFigure(Figure):
    """Those without a cause have no id. Causes that were merged are counted with the one they went into."""

    root_cause_id: UUID | None
    name: str | None


class Quartiles(BaseModel):
    """Of the seconds from the round's beginning until the step was done."""

    lower_quartile: int | None
    median: int | None
    upper_quartile: int | None


class DoneFigure(Figure):
    seconds: Quartiles


class ReasonCount(BaseModel):
    reason: str
    n: int


class SkippedFigure(Figure):
    """`reasons`: the twenty that were given most."""

    reasons: list[ReasonCount]


class StepFigures(BaseModel):
    """Of the last round of each complaint."""

    done: DoneFigure
    skipped: SkippedFigure
    open: Figure


class RoundsFigure(BaseModel):
    total: int
    per_complaint: float | None
    n: int
    document: SearchDocument | None


class ActionsFigure(Figure):
    """`total` actions of `n` complaints."""

    total: int


class Actions(BaseModel):
    open: ActionsFigure
    overdue: ActionsFigure


class LoopReport(BaseModel):
    as_of: datetime
    filters: list[Filter]
    complaints: Figure
    rounds: RoundsFigure
    reopened: Figure
    lessons: Figure
    actions: Actions
    root_causes: list[CauseFigure]
    steps: dict[StepName, StepFigures]

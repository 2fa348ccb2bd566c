"""Rounds of complaints as the API takes and shows them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from guanxi_shared.values import Fields, Line, Storable, Value
from guanxi_tickets.articles.schemas import Language
from guanxi_tickets.complaints.step_names import StepName
from guanxi_tickets.coordination_tasks.schemas import TaskRead
from guanxi_tickets.corrective_actions.schemas import ActionRead
from guanxi_tickets.tickets.schemas import TicketRead

Said = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000), Storable
]
Figure = Annotated[Decimal, Field(max_digits=18, decimal_places=6, allow_inf_nan=False)]
STEP: dict[str, Any] = {
    "state": "done", "text": "Called the customer; the wrong name came from an old template.",
    "reason": None, "figures": [], "by": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f52",
    "at": "2026-11-26T09:00:00Z",
}  # fmt: skip
EXAMPLE: dict[str, Any] = {
    "ticket_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "number": 1, "steps": {"listen": STEP},
    "open_steps": ["act", "resources", "measure", "coordinate", "sum_up"],
}  # fmt: skip


class ResultFigure(Value):
    """What was measured, before and after if both are known."""

    name: Line
    value: Figure
    before: Figure | None = None
    unit: Line | None = None


class StepDone(Value):
    """`figures` are of the step `measure` alone."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "text": "Credit note issued the same day.",
                "figures": [{"name": "hours until the credit note", "value": "5", "before": "72"}],
            }
        },
    )

    text: Said
    figures: Annotated[list[ResultFigure], Field(max_length=50)] = Field(default_factory=list)


class StepSkipped(Value):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"reason": "No other department is concerned."}},
    )

    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000), Storable
    ]


class RoundUpdate(Fields):
    """A merge patch of what the round comes to: its cause, and the lesson that the company keeps."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"lesson": "Templates are checked after each renaming."}},
    )

    root_cause_id: UUID | None = None
    lesson: Said | None = None


class LessonArticle(Value):
    """What the draft is called and in which language the lesson is written; its text is the lesson."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"title": "Check templates", "language": "en"}},
    )

    title: Line
    language: Language
    category_id: UUID | None = None


class StepRead(BaseModel):
    state: Literal["open", "done", "skipped"]
    text: str | None
    reason: str | None
    figures: list[dict[str, Any]]
    by: UUID | None
    at: datetime | None


class RoundRead(BaseModel):
    """`left_open` are the steps that were open when the complaint was solved."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    ticket_id: UUID
    number: int
    started_at: datetime
    ended_at: datetime | None
    steps: dict[StepName, StepRead]
    open_steps: list[StepName]
    done_steps: list[StepName]
    skipped_steps: list[StepName]
    left_open: list[StepName]
    root_cause_id: UUID | None
    lesson: str | None
    article_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


class RoundShown(RoundRead):
    """With what hangs on it. The ticket's own last round alone is written (`is_current`)."""

    is_current: bool
    root_cause_name: str | None
    tasks: list[TaskRead]
    actions: list[ActionRead]


class Loop(BaseModel):
    """Every round, the oldest first; those of a ticket that was merged into this one bear its id."""

    data: list[RoundShown]


class ComplaintRead(TicketRead):
    """A ticket with where its last round stands."""

    loop_round: int | None
    loop_started_at: datetime | None
    loop_ended_at: datetime | None
    loop_open_steps: list[StepName] | None
    loop_done_steps: list[StepName] | None
    loop_skipped_steps: list[StepName] | None
    loop_left_open: list[StepName] | None
    root_cause_id: UUID | None
    loop_lesson: str | None
    open_tasks: int
    open_actions: int
    overdue_actions: int

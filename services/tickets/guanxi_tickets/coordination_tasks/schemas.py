"""Tasks of other departments as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Fields, Instant, Line, Prose, Value

EXAMPLE: dict[str, Any] = {
    "title": "查清批次 · trace the batch", "body": "Which customers got parts of batch 7?",
    "team_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f53",
    "due_in": {"minutes": 480, "calendar_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f54"},
}  # fmt: skip


class DueIn(Value):
    """Minutes of work by a calendar; without one, of the clock."""

    minutes: Annotated[int, Field(ge=1, le=525_600)]
    calendar_id: UUID | None = None


class TaskFields(Fields):
    body: Prose | None = Field(
        default=None, description="All that the department needs: of the complaint it sees no more."
    )
    assignee_id: UUID | None = None
    team_id: UUID | None = None
    due_at: Instant | None = Field(default=None, description="Either this or due_in.")
    due_in: DueIn | None = None
    warn_percent: Annotated[int, Field(ge=0, le=99)] = Field(
        default=80, description="Of the time until it is due; 0: no warning."
    )


class TaskCreate(TaskFields):
    """For a department (`team_id`), or one person of it, or both."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    title: Line


class TaskUpdate(TaskFields):
    """A merge patch of a task that is under way. Another time begins its clock anew."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"due_at": "2026-12-02T09:00:00Z"}}
    )

    title: Line = Field(default="", validate_default=False)


class TaskReason(Value):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"reason": "Batch 7 is not ours."}}
    )

    reason: Line


class TaskResult(Value):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"result": "Three customers; list attached."}}
    )

    result: Annotated[Prose, Field(min_length=1)]


class TaskRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    ticket_id: UUID
    round_id: UUID
    ticket_number: str
    title: str
    body: str | None
    asked_by: UUID | None
    assignee_id: UUID | None
    team_id: UUID | None
    status: Literal["open", "accepted", "done", "declined", "withdrawn"]
    reason: str | None
    result: str | None
    due_at: datetime
    warn_at: datetime | None
    warned_at: datetime | None
    breached_at: datetime | None
    accepted_at: datetime | None
    ended_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime

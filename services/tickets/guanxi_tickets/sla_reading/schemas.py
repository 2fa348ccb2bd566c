"""What the clocks of a ticket show, as the API shows it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

ClockKind = Literal["first_response", "next_response", "update", "resolution", "promise"]


class StretchRead(BaseModel):
    """From an instant to another: counted, or not and why. In a sentence, too."""

    from_: datetime
    to: datetime
    seconds: int
    state: Literal["counted", "paused"]
    reason: str
    name: str | None
    policy: str | None
    sentence: str

    model_config = {"alias_generator": lambda name: name.rstrip("_")}


class ClockRead(BaseModel):
    """A run of a clock. The seconds of its counted stretches sum to `elapsed_seconds`."""

    kind: ClockKind
    number: int
    state: Literal["not_started", "running", "paused", "met", "breached", "cancelled"]
    policy: str | None
    sentence: str
    target_seconds: int | None
    elapsed_seconds: int
    remaining_seconds: int | None
    started_at: datetime | None
    ended_at: datetime | None
    met_at: datetime | None
    due_at: datetime | None
    due_if_resumed_at: datetime | None
    breached_at: datetime | None
    warning_at: datetime | None
    warned: list[dict[str, Any]]
    stretches: list[StretchRead]


class SlaExplained(BaseModel):
    """Under the policy and the calendar as they were when the ticket was made."""

    ticket_id: UUID
    now: datetime
    policy_id: UUID | None
    policy_version: int | None
    policy_name: str | None
    calendar_id: UUID | None
    calendar_version: int | None
    calendar_name: str | None
    time_zone: str
    clocks: list[ClockRead]

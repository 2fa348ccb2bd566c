"""A queue in figures, as the API shows it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_tickets.ticket_settings.schemas import Priority


class Counted(BaseModel):
    """`filter_groups` sent to `POST /v1/tickets/search` finds what was counted."""

    count: int
    filter_groups: list[dict[str, Any]]


class Waiting(Counted):
    oldest_since: datetime | None
    oldest_seconds: int | None


class Taken(Counted):
    median_wait_seconds: int | None = Field(description="From queued_at to taken_at.")


class Period(BaseModel):
    """What came into the queue, what somebody got out of it, what was solved."""

    arrivals: Counted
    taken: Taken
    solved: Counted


class AgentStats(BaseModel):
    """`load` counts their new and open tickets of all queues, `assigned` what is to be done of this one."""

    user_id: UUID
    name: str
    is_available: bool
    is_on_shift: bool
    load: int
    load_limit: int | None
    assigned: Counted


class QueueStats(BaseModel):
    """`undone` is what is neither solved nor closed, `waiting` the part of it that nobody has. Agents on shift
    are those who are available, too."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "waiting": {"count": 3, "oldest_seconds": 840, "filter_groups": []},
                "agents_on_shift": 2,
            }
        }
    )

    queue_id: UUID
    at: datetime
    waiting: Waiting
    undone: Counted
    by_priority: dict[Priority, Counted]
    breached: Counted
    due_within_an_hour: Counted = Field(description="Of those that are not late already.")
    last_hour: Period
    last_day: Period
    agents_on_shift: int
    agents: list[AgentStats]

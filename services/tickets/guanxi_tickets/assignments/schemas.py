"""What queues did with a ticket, as the API shows it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

EXAMPLE: dict[str, Any] = {
    "means": "least_loaded",
    "reason": {"strategy": "least_loaded", "among": 3, "load": 2, "load_limit": 8, "level": 4},
    "sentence": "The least loaded of 3 who may: 2 open of at most 8.",
}


class AssignmentRead(BaseModel):
    """`assignee_id` null: back into the queue. `actor_id` null: the queue did it by itself."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    queue_id: UUID | None
    means: Literal["claim", "round_robin", "least_loaded", "by_skill", "return", "hand_over"]
    assignee_id: UUID | None
    before_id: UUID | None
    actor_id: UUID | None
    reason: dict[str, Any]
    sentence: str
    created_at: datetime


class Assignments(BaseModel):
    data: list[AssignmentRead]

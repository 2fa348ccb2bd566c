"""Warnings and breaches as the API shows them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from guanxi_tickets.tickets.schemas import ClockKind

EXAMPLE: dict[str, Any] = {
    "ticket_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "what": "breach", "clock": "resolution", "number": 1,
    "percent": None, "happened_at": "2026-11-26T09:00:01Z", "due_at": "2026-11-26T09:00:00Z",
    "actions": [{"action": "raise", "done": True, "sentence": "From normal to high."}],
}  # fmt: skip


class CarriedOut(BaseModel):
    """An action of the policy: what came of it, or why nothing did."""

    action: Literal["notify", "reassign", "raise"]
    done: bool
    sentence: str


class AlertRead(BaseModel):
    """`happened_at` is when the clock says it happened, `created_at` when it was told."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    ticket_id: UUID
    what: Literal["warning", "breach"]
    clock: ClockKind
    number: int
    percent: int | None
    happened_at: datetime
    due_at: datetime | None
    policy_id: UUID | None
    policy_version: int | None
    notified_ids: list[UUID]
    actions: list[CarriedOut]
    account_id: UUID | None
    requester_id: UUID | None
    assignee_id: UUID | None
    team_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime

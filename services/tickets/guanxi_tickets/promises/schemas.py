"""Promises as the API takes and shows them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Instant, Line, Name, Value

EXAMPLE: dict[str, Any] = {
    "body": "周三上午给您回复 · we answer on Wednesday morning", "due_at": "2026-12-02T04:00:00Z",
}  # fmt: skip


class PromiseCreate(Value):
    """Until when something is done about the ticket; the requester is shown it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    body: Name
    due_at: Instant


class Withdrawal(Value):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"reason": "The spare part is not made any more"}},
    )

    reason: Line


class PromiseMade(BaseModel):
    """`outcome` is what was said of it by hand."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    ticket_id: UUID
    account_id: UUID | None = Field(description="Whose ticket it was when it was made.")
    requester_id: UUID | None
    body: str
    due_at: datetime
    author_id: UUID | None
    outcome: Literal["kept", "withdrawn"] | None
    ended_at: datetime | None
    reason: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class PromiseRead(PromiseMade):
    """With its clock: met by a public reply, by being solved or by hand; cancelled by another promise, by
    being withdrawn or deleted. One that was late and met has both instants."""

    state: Literal["running", "met", "breached", "cancelled"]
    met_at: datetime | None
    breached_at: datetime | None


class Promises(BaseModel):
    data: list[PromiseRead]

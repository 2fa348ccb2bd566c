"""Drafts as the API takes and shows them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Value
from guanxi_tickets.comments.schemas import Body, FileIds, Mentions, Visibility

EXAMPLE: dict[str, Any] = {"body": "您好，我们正在查 …", "visibility": "public"}


class DraftPut(Value):
    """The whole draft, in the place of the one before."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    body: Body
    visibility: Visibility = "public"
    mention_ids: Mentions = Field(default_factory=list, description="Users.")


class DraftSend(Value):
    """What goes with it. Without a body it goes alone."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"file_ids": []}})

    file_ids: FileIds = Field(
        default_factory=list, description="Files of one's own on the ticket that go with it."
    )


class DraftRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    ticket_id: UUID
    body: str
    visibility: Visibility
    mention_ids: list[UUID]
    version: int
    created_at: datetime
    updated_at: datetime

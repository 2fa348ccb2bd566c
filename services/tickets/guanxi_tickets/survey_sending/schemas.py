"""Invitations as the API takes and shows them."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from guanxi_shared.values import Value
from guanxi_tickets.surveys.schemas import Language, Occasion

EXAMPLE: dict[str, Any] = {"ticket_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}


class InvitationCreate(Value):
    """A ticket, whose requester is asked, or a contact. Both: that contact, about that ticket."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = None
    ticket_id: UUID | None = None
    contact_id: UUID | None = None
    language: Language | None = None
    by_mail: bool = Field(
        default=True, description="Whether the link goes out by mail; it is at `/link` anyway."
    )

    @model_validator(mode="after")
    def check_somebody(self) -> Self:
        if self.ticket_id is None and self.contact_id is None:
            raise ValueError("needs a ticket_id or a contact_id")
        return self


class InvitationRead(BaseModel):
    """`planned` until its time has come; `dropped` says why in `reason`; `started` has partial answers, which
    are shown to nobody but who gives them."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE | {"status": "sent"}})

    id: UUID
    survey_id: UUID
    edition: int
    occasion: Occasion
    status: Literal["planned", "sent", "started", "answered", "dropped"]
    reason: str | None
    ticket_id: UUID | None
    contact_id: UUID | None
    round: int
    send_at: datetime
    sent_at: datetime | None
    expires_at: datetime | None
    started_at: datetime | None
    answered_at: datetime | None
    language: str | None
    created_by: UUID | None
    assignee_id: UUID | None
    team_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


class SurveyLink(BaseModel):
    """`path` is where the survey is read and answered, by whoever has it."""

    token: str
    path: str
    expires_at: datetime

"""Forms as admins define them, and what whoever fills one in is answered."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from guanxi_shared.values import Line, Name, Value
from guanxi_shared.web_forms.schemas import DefinedForm, DefinedFormRead, PublicForm, PublicThanks
from guanxi_tickets.ticket_settings.schemas import Level
from guanxi_tickets.tickets.schemas import Channel, Kind

FieldName = Annotated[
    str,
    StringConstraints(
        pattern=r"^(name|email|phone|subject|description|custom\.[a-z][a-z0-9_]{0,59})$"
    ),
]
EXAMPLE: dict[str, Any] = {
    "name": "投诉 · Complaints",
    "fields": [
        {"name": "name", "label": "Your name", "is_required": True},
        {"name": "email", "label": "Email", "is_required": True},
        {"name": "subject", "label": "What is it about?", "is_required": True},
        {"name": "description", "label": "What happened?"},
    ],
    "kind": "complaint",
    "urgency": "high",
    "consent_text": "You may keep what I write to answer me.",
    "is_consent_required": True,
    "thanks_text": "Thank you; here is your number.",
}


class TicketFormField(Value):
    """A field of a ticket, or of who asks; `custom.<key>` is one of the organisation's own."""

    name: FieldName
    label: Line
    is_required: bool = False


TicketFormFieldList = Annotated[list[TicketFormField], Field(min_length=1, max_length=40)]


class TicketFormFields(DefinedForm):
    kind: Kind = "complaint"
    impact: Level = "medium"
    urgency: Level = "medium"
    channel: Channel = "web"
    team_id: UUID | None = Field(default=None, description="With which its tickets wait.")
    takes_files: bool = Field(
        default=False, description="Whether it takes a file, as the part `file` of multipart."
    )
    sends_receipt: bool = Field(
        default=False,
        description="Whether who fills it in is sent the ticket's number and a link to it by mail.",
    )


class TicketFormCreate(TicketFormFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    name: Name
    fields: TicketFormFieldList


class TicketFormUpdate(TicketFormFields):
    """A merge patch; the fields that are asked for are replaced whole. The key never changes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"is_active": False}})

    name: Name = Field(default="", validate_default=False)
    fields: TicketFormFieldList = Field(default_factory=list, validate_default=False)


class TicketFormRead(DefinedFormRead):
    """`key` is the end of its public address: `/v1/public/ticket-forms/{key}`."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    fields: list[TicketFormField]
    kind: Kind
    impact: Level
    urgency: Level
    channel: Channel
    team_id: UUID | None
    takes_files: bool
    sends_receipt: bool


class PublicTicketForm(PublicForm):
    takes_files: bool


class Follow(BaseModel):
    """By what a customer follows the ticket; whoever has it reads and answers."""

    token: str
    path: str
    expires_at: datetime


class TicketThanks(PublicThanks):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {"thanks_text": "Thank you.", "redirect_url": None, "number": "TK-000001", "follow": None}
        }
    )  # fmt: skip

    number: str | None
    follow: Follow | None

"""Tickets as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Custom, Fields, Line, Name, Prose, Tags, Value
from guanxi_tickets.ticket_settings.schemas import Level, Priority, StateKey, StateKind

Kind = Literal["question", "incident", "request", "complaint"]
Channel = Literal[
    "email", "phone", "chat", "messaging", "web", "portal", "in_person", "api", "other"
]
Ids = Annotated[list[UUID], Field(max_length=100)]

EXAMPLE: dict[str, Any] = {
    "subject": "发票抬头有误 · wrong name on the invoice",
    "description": "The invoice of 20 November names the wrong company.",
    "kind": "complaint",
    "impact": "medium",
    "urgency": "high",
    "channel": "phone",
    "account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
    "requester_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51",
    "tags": ["invoice"],
}

ClockKind = Literal["first_response", "next_response", "update", "resolution", "promise"]


class TicketFields(Fields):
    """What may be written on a ticket; create and update differ in what must be sent."""

    description: Prose | None = None
    kind: Kind = "question"
    impact: Level = "medium"
    urgency: Level = "medium"
    priority: Priority | None = Field(
        default=None, description="By hand. Null: what the table says of impact and urgency."
    )
    channel: Channel = "api"
    requester_id: UUID | None = Field(default=None, description="A contact.")
    account_id: UUID | None = None
    product_id: UUID | None = None
    parent_id: UUID | None = None
    duplicate_of_id: UUID | None = None
    related_ids: Ids = Field(
        default_factory=list, description="Said on one of two tickets, meant for both."
    )
    follower_ids: Ids = Field(
        default_factory=list, description="Users; following lets nobody see more than they may."
    )
    assignee_id: UUID | None = None
    team_id: UUID | None = Field(default=None, description="Another one takes it out of its queue.")
    queue_id: UUID | None = Field(
        default=None, description="With it comes its team, and nobody unless an assignee is sent."
    )
    external_id: Line | None = None
    tags: Tags = Field(default_factory=list)
    custom: Custom = Field(default_factory=dict)


class TicketCreate(TicketFields):
    """It begins in the first state unless it says where it stands. Without assignee, team and queue it goes
    to the first queue that takes it, else it is the caller's; with a team or a queue alone it waits there
    for somebody."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    subject: Name
    status: StateKey | None = None


class TicketUpdate(TicketFields):
    """A merge patch (RFC 7396). Another `status` is a move, with all its rules."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"urgency": "high", "tags": ["invoice"]}}
    )

    subject: Name = Field(default="", validate_default=False)
    status: StateKey | None = Field(default=None, validate_default=False)


class Move(Value):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"status": "solved"}})

    status: StateKey


class KeptClock(BaseModel):
    """The latest run of a clock; `number` counts its runs."""

    kind: ClockKind
    number: int
    state: Literal["running", "paused", "met", "breached", "cancelled"]
    target_seconds: int | None
    due_at: datetime | None
    met_at: datetime | None
    breached_at: datetime | None


class KeptClocks(BaseModel):
    """What is due first and of which clock; `breached` names every clock that ever was late."""

    state: Literal["running", "paused", "over"]
    due_at: datetime | None
    clock: ClockKind | None
    breached: list[ClockKind]
    clocks: list[KeptClock]


class GivenConsent(BaseModel):
    """What somebody agreed to in a form, in its words of that moment, and from where."""

    text: str
    given_at: datetime
    address: str


class TicketRead(BaseModel):
    """`priority_rank` sorts by priority: 1 is urgent. `status_kind` is what kind of state the
    organisation's own `status` is."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    number: str
    subject: str
    description: str | None
    kind: Kind
    impact: Level
    urgency: Level
    priority: Priority
    priority_rank: int
    priority_source: Literal["table", "given"]
    status: str
    status_kind: StateKind
    status_changed_at: datetime
    channel: Channel
    requester_id: UUID | None
    from_name: str | None = Field(description="Who asks, as they said themselves in a form.")
    from_email: str | None
    from_phone: str | None
    form_id: UUID | None
    consent: GivenConsent | None
    account_id: UUID | None
    is_account_verified: bool
    product_id: UUID | None
    parent_id: UUID | None
    duplicate_of_id: UUID | None
    related_ids: list[UUID]
    follower_ids: list[UUID]
    assignee_id: UUID | None
    team_id: UUID | None
    queue_id: UUID | None
    queued_at: datetime | None = Field(
        description="Since when it is in its queue, or waits there again."
    )
    taken_at: datetime | None = Field(
        description="When somebody got it out of the queue's waiting."
    )
    merged_numbers: list[str] = Field(description="Of tickets that went into it.")
    sla_policy_id: UUID | None
    sla: KeptClocks | None
    entitlement_id: UUID | None
    is_entitled: bool | None = Field(description="Null: nobody asked for one.")
    first_responded_at: datetime | None
    solved_at: datetime | None
    closed_at: datetime | None
    reopened_count: int
    external_id: str | None
    tags: list[str]
    custom: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime


class LinkedTicket(BaseModel):
    id: UUID
    number: str
    subject: str
    status: str
    status_kind: StateKind


class Links(BaseModel):
    """The tickets that one is linked with, as far as the caller sees them: both directions."""

    parent: LinkedTicket | None
    children: list[LinkedTicket]
    duplicate_of: LinkedTicket | None
    duplicates: list[LinkedTicket]
    related: list[LinkedTicket]

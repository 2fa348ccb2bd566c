"""Macros as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from guanxi_shared.sharing import SharedWith
from guanxi_shared.values import Fields, Line, Prose, Tags, Value
from guanxi_tickets.comments.schemas import Body, CommentRead, Visibility
from guanxi_tickets.ticket_settings.schemas import Priority, StateKey
from guanxi_tickets.tickets.schemas import Kind, TicketRead

EXAMPLE: dict[str, Any] = {
    "name": "Invoice corrected",
    "actions": {
        "reply": "您好 {{requester.name|Dear customer}}, {{ticket.number}} is solved. {{agent.name}}",
        "status": "solved",
        "add_tags": ["invoice"],
    },
    "shared_with": "team",
}


class Actions(Value):
    """What is not named stays. A null of `priority`, `assignee_id` or `team_id` is what a null of a ticket
    is; `me` is whoever applies the macro. In texts `{{name}}` or `{{name|default}}` stands for a value."""

    reply: Body = Field(default="", validate_default=False, description="A public reply.")
    note: Body = Field(default="", validate_default=False, description="An internal note.")
    status: StateKey = Field(default="", validate_default=False)
    priority: Priority | None = None
    kind: Kind = "question"
    assignee_id: UUID | Literal["me"] | None = None
    team_id: UUID | None = None
    add_tags: Tags = Field(default_factory=list)
    remove_tags: Tags = Field(default_factory=list)

    @model_validator(mode="after")
    def check(self) -> "Actions":
        if not self.model_fields_set:
            raise ValueError("must do something")
        return self


class MacroFields(Fields):
    description: Prose | None = None
    shared_with: SharedWith = "nobody"
    shared_team_id: UUID | None = Field(
        default=None, description="Which team, when shared with one; absent: the only one one has."
    )


class MacroCreate(MacroFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    name: Line
    actions: Actions


class MacroUpdate(MacroFields):
    """A merge patch; the actions are sent whole."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "Corrected"}})

    name: Line = Field(default="", validate_default=False)
    actions: Actions = Field(default=Actions.model_construct(), validate_default=False)


class MacroRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    description: str | None
    actions: dict[str, Any]
    shared_with: SharedWith
    shared_team_id: UUID | None
    owner_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


class Difference(BaseModel):
    before: Any
    after: Any


class WrittenText(BaseModel):
    visibility: Visibility
    body: str


class MacroPreview(BaseModel):
    """What applying it now would do. With something `missing` it would be refused."""

    ticket_version: Annotated[int, Field(description="As it is now: send it as If-Match.")]
    changes: dict[str, Difference]
    comments: list[WrittenText]
    missing: list[str] = Field(description="Placeholders without a value or a default.")


class MacroApplied(BaseModel):
    ticket: TicketRead
    comments: list[CommentRead]

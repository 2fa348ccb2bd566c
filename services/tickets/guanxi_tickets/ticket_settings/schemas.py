"""Settings for tickets as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Fields, Line, Value

StateKind = Literal["new", "open", "pending", "on_hold", "solved", "closed"]
Level = Literal["high", "medium", "low"]
Priority = Literal["urgent", "high", "normal", "low"]
StateKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]

NeedLoop = Literal["no", "warn", "yes"]
WithoutEntitlement = Literal["allow", "mark", "refuse"]

EXAMPLE: dict[str, Any] = {
    "complaints_need_loop": "warn",
    "without_entitlement": "mark",
    "states": [
        {"key": "new", "name": "New", "kind": "new", "moves_to": ["open", "solved"]},
        {"key": "open", "name": "In work", "kind": "open", "moves_to": ["supplier", "solved"]},
        {
            "key": "supplier",
            "name": "With the supplier",
            "kind": "on_hold",
            "moves_to": ["open", "solved"],
        },
        {"key": "solved", "name": "Solved", "kind": "solved", "moves_to": ["open"]},
    ],
    "priorities": {
        "high": {"high": "urgent", "medium": "high", "low": "normal"},
        "medium": {"high": "high", "medium": "normal", "low": "low"},
        "low": {"high": "normal", "medium": "low", "low": "low"},
    },
}


class StateValue(Value):
    """Where a ticket can stand, and where it may go from there."""

    key: StateKey
    name: Line
    kind: StateKind
    moves_to: Annotated[list[StateKey], Field(max_length=50)] = Field(default_factory=list)


class ByUrgency(Value):
    high: Priority
    medium: Priority
    low: Priority


class PriorityTable(Value):
    """Impact, then urgency."""

    high: ByUrgency
    medium: ByUrgency
    low: ByUrgency


States = Annotated[list[StateValue], Field(min_length=2, max_length=50)]


class TicketSettingsUpdate(Fields):
    """A merge patch; each part is sent whole. Tickets begin in the first state. A state in which
    tickets stand neither goes nor changes its kind."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    states: States = Field(default=[], validate_default=False)
    priorities: PriorityTable | None = Field(
        default=None, description="Null: the table that every organisation begins with."
    )
    without_entitlement: WithoutEntitlement = Field(
        default="allow",
        description="What becomes of a new ticket that no entitlement covers; `mark`: `is_entitled` is false.",
    )
    complaints_need_loop: NeedLoop = Field(
        default="no",
        description="Whether a complaint is solved only when its loop is closed; `warn` tells of those that are not.",
    )
    sends_mail: bool = Field(
        default=True,
        description="Whether surveys, links of the portal and receipts of forms go out by mail.",
    )


class TicketSettingsRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    states: list[StateValue]
    priorities: PriorityTable
    complaints_need_loop: NeedLoop
    without_entitlement: WithoutEntitlement
    sends_mail: bool
    version: int
    created_at: datetime | None
    updated_at: datetime | None

"""Policies as the API takes and shows them; sla/run_rules.py says what their clocks do."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from guanxi_shared.documents import FilterGroup
from guanxi_shared.values import Fields, Name, Value
from guanxi_tickets.ticket_settings.schemas import Priority, StateKey

Clock = Literal["first_response", "next_response", "update", "resolution"]
Seconds = Annotated[int, Field(ge=60, le=366 * 86_400)]
Percents = Annotated[list[Annotated[int, Field(ge=1, le=99)]], Field(max_length=5)]

EXAMPLE: dict[str, Any] = {
    "name": "Gold",
    "filter_groups": [
        {"filters": [{"field": "account_grade", "operator": "in", "value": ["A", "B"]}]}
    ],
    "calendar_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
    "targets": {
        "urgent": {
            "first_response": {"seconds": 1800, "warnings": [50, 75]},
            "resolution": {"seconds": 14400, "warnings": [75]},
        },
        "normal": {"first_response": {"seconds": 14400}, "resolution": {"seconds": 144000}},
    },
    "pauses": {"pending": ["update", "resolution"]},
    "escalations": [
        {"on": "warning", "percent": 75, "actions": [{"action": "notify", "to": ["assignee"]}]},
        {
            "on": "breach",
            "clock": "resolution",
            "actions": [{"action": "raise"}, {"action": "notify", "to": ["manager", "followers"]}],
        },
    ],
}


class TargetValue(Value):
    """Seconds of the calendar's working time; warnings are percents of them."""

    seconds: Seconds
    warnings: Percents = Field(default_factory=list)


class Notify(Value):
    """Users who are named by the alert (`notified_ids`). `team`: the members of the ticket's team;
    `manager`: who heads the assignee's teams, else the ticket's, or the nearest team above them."""

    action: Literal["notify"]
    to: list[Literal["assignee", "followers", "team", "manager"]] = Field(
        default_factory=list, max_length=4
    )
    user_ids: Annotated[list[UUID], Field(max_length=50)] = Field(default_factory=list)

    @model_validator(mode="after")
    def check_somebody(self) -> Self:
        if not self.to and not self.user_ids:
            raise ValueError("needs somebody in to or user_ids")
        return self


class Reassign(Value):
    """To a person, or with a team or a queue alone to wait there for somebody."""

    action: Literal["reassign"]
    assignee_id: UUID | None = None
    team_id: UUID | None = None
    queue_id: UUID | None = None

    @model_validator(mode="after")
    def check_somewhere(self) -> Self:
        if self.assignee_id is None and self.team_id is None and self.queue_id is None:
            raise ValueError("needs an assignee_id, a team_id or a queue_id")
        if self.team_id is not None and self.queue_id is not None:
            raise ValueError("needs no team_id beside a queue_id, which brings its own")
        return self


class Raise(Value):
    """The priority, by a step."""

    action: Literal["raise"]


Action = Annotated[Notify | Reassign | Raise, Field(discriminator="action")]


class Escalation(Value):
    """`clock` null: of any; `percent` null: at every warning."""

    on: Literal["warning", "breach"]
    clock: Clock | Literal["promise"] | None = None
    percent: Annotated[int, Field(ge=1, le=99)] | None = None
    actions: Annotated[list[Action], Field(min_length=1, max_length=10)]


class PolicyFields(Fields):
    position: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        default=0, description="The lowest that fits a new ticket counts."
    )
    is_active: bool = True
    filter_groups: Annotated[list[FilterGroup], Field(max_length=20)] = Field(
        default_factory=list, description="Over tickets, as in a search; none fits every ticket."
    )
    targets: dict[Priority, dict[Clock, TargetValue]] = Field(default_factory=dict)
    pauses: Annotated[dict[StateKey, list[Clock]], Field(max_length=50)] = Field(
        default_factory=dict, description="By status: the clocks that stand still in it."
    )
    escalations: Annotated[list[Escalation], Field(max_length=50)] = Field(
        default_factory=list,
        description="What a warning or a breach does; without any the assignee is told, of a breach"
        " the assignee's manager, too.",
    )
    promise_warnings: Percents = Field(
        default=[75], description="Percents of the time between a promise and what was promised."
    )
    on_reopen: Literal["continue", "anew"] = "continue"


class PolicyCreate(PolicyFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = None
    name: Name
    calendar_id: UUID


class PolicyUpdate(PolicyFields):
    """A merge patch; each part is sent whole. It counts for tickets made from then on."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"position": 2, "is_active": False}}
    )

    name: Name = Field(default="", validate_default=False)
    calendar_id: UUID | None = Field(default=None, validate_default=False)


class PolicyRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    position: int
    is_active: bool
    filter_groups: list[dict[str, Any]]
    calendar_id: UUID
    targets: dict[str, Any]
    pauses: dict[str, list[str]]
    escalations: list[Escalation]
    promise_warnings: list[int]
    on_reopen: Literal["continue", "anew"]
    version: int
    created_at: datetime
    updated_at: datetime

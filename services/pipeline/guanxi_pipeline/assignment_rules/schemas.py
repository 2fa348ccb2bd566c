"""Assignment rules as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.documents import FilterGroup
from guanxi_shared.values import Fields, Name, Value

Position = Annotated[int, Field(ge=0, le=1_000_000)]
Groups = Annotated[list[FilterGroup], Field(max_length=20)]

EXAMPLE: dict[str, Any] = {
    "name": "Software in the north",
    "position": 10,
    "filter_groups": [{"filters": [{"field": "industry", "operator": "eq", "value": "software"}]}],
    "action": {"kind": "round_robin", "team_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"},
}


class Action(Value):
    """`person`: `user_id`. `team`: `team_id`, in whose pool the lead then lies. `round_robin` and
    `least_loaded` (fewest open leads): people by `user_ids`, or the members of `team_id`."""

    kind: Literal["person", "team", "round_robin", "least_loaded"]
    user_id: UUID | None = None
    user_ids: Annotated[list[UUID], Field(max_length=200)] = Field(default_factory=list)
    team_id: UUID | None = None


class RuleFields(Fields):
    filter_groups: Groups = Field(
        default_factory=list, description="The search document over leads; none: every lead fits."
    )
    is_active: bool = True


class AssignmentRuleCreate(RuleFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    name: Name
    position: Position = 100
    action: Action


class AssignmentRuleUpdate(RuleFields):
    """A merge patch; filter and action are replaced whole."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"position": 5}})

    name: Name = Field(default="", validate_default=False)
    position: Position = Field(default=100, validate_default=False)
    action: Action = Field(default=None, validate_default=False)  # type: ignore[assignment]


class AssignmentRuleRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    position: int
    is_active: bool
    filter_groups: list[FilterGroup]
    action: Action
    version: int
    created_at: datetime
    updated_at: datetime

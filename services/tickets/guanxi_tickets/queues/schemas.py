"""Queues as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.documents import FilterGroup
from guanxi_shared.values import Fields, Name, Prose
from guanxi_tickets.agents.schemas import Languages, LoadLimit, Skills, SkillValue

Strategy = Literal["manual", "round_robin", "least_loaded", "by_skill"]
OnShiftEnd = Literal["keep", "return", "hand_over"]
EXAMPLE: dict[str, Any] = {
    "name": "开票 Billing",
    "team_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
    "filter_groups": [{"filters": [{"field": "tags", "operator": "has", "value": "invoice"}]}],
    "strategy": "least_loaded",
    "skills": [{"skill": "billing", "level": 3}],
    "languages": ["zh"],
    "load_limit": 10,
    "on_shift_end": "return",
}


class QueueFields(Fields):
    description: Prose | None = None
    position: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        default=0, description="The lowest that fits a new ticket takes it."
    )
    is_active: bool = Field(default=True, description="Whether it takes new tickets by its filter.")
    filter_groups: Annotated[list[FilterGroup], Field(max_length=20)] | None = Field(
        default=None,
        description="Over new tickets, as in a search. Null: it takes what is put into it; none fits every"
        " ticket.",
    )
    strategy: Strategy = Field(
        default="manual",
        description="How waiting tickets get an agent: by a claim alone, in turn, to who has the fewest open"
        " tickets, to who is best at the skills.",
    )
    skills: Skills = Field(default_factory=list, description="An agent needs each at this level.")
    languages: Languages = Field(
        default_factory=list, description="An agent needs each; de takes de-AT, too."
    )
    load_limit: LoadLimit | None = Field(
        default=None,
        description="New and open tickets that this queue may bring an agent to, those of other queues"
        " counted.",
    )
    on_shift_end: OnShiftEnd = Field(
        default="keep",
        description="New and open tickets of somebody whose shift ends: stay, wait in the queue again, or go to"
        " the next agent.",
    )


class QueueCreate(QueueFields):
    """Its agents are those of its team."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = None
    name: Name
    team_id: UUID = Field(description="Whose it is for good: a ticket in the queue is this team's.")


class QueueUpdate(QueueFields):
    """A merge patch; each part is sent whole. The team stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"strategy": "by_skill", "load_limit": 5}}
    )

    name: Name = Field(default="", validate_default=False)


class QueueRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    description: str | None
    team_id: UUID
    position: int
    is_active: bool
    filter_groups: list[dict[str, Any]] | None
    strategy: Strategy
    skills: list[SkillValue]
    languages: list[str]
    load_limit: int | None
    on_shift_end: OnShiftEnd
    version: int
    created_at: datetime
    updated_at: datetime

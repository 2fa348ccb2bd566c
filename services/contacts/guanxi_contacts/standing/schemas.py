"""Standing as the API takes and shows it."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from guanxi_contacts.standing.rules import DIMENSIONS
from guanxi_contacts.values import Grade, LifecycleStage, NeedsTier, RelationshipLevel
from guanxi_shared.documents import Page
from guanxi_shared.values import Storable

Dimension = Literal["grade", "lifecycle_stage", "relationship_level", "needs_tier"]
Source = Literal["by_hand", "analytics", "import", "system"]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000), Storable
]


class StandingUpdate(BaseModel):
    """What is sent changes, all of it for one reason; a null takes away (a stage there always is)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "anyOf": [{"required": [name]} for name in DIMENSIONS],
            "example": {
                "lifecycle_stage": "lost",
                "reason": "They signed with a competitor for three years.",
                "effective_on": "2026-11-20",
            },
        },
    )

    grade: Grade | None = None
    lifecycle_stage: LifecycleStage = "prospect"
    relationship_level: RelationshipLevel | None = None
    needs_tier: NeedsTier | None = None
    reason: Reason
    source: Source = "by_hand"
    effective_on: date | None = Field(
        default=None, description="The day it came into effect, if that was before today."
    )
    is_correction: bool = Field(
        default=False,
        description="Puts a mistake right: the rules on what follows what are not applied.",
    )

    @model_validator(mode="after")
    def check_something_is_sent(self) -> "StandingUpdate":
        if not self.model_fields_set & set(DIMENSIONS):
            raise ValueError(f"say what changes: send one of {', '.join(DIMENSIONS)}")
        return self

    @property
    def moves(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in DIMENSIONS if name in self.model_fields_set}


class StandingEntry(BaseModel):
    """A value and how it came about. The value an account was created with, or had before changes
    were kept, has the account's creation as its `at` and `from` null."""

    model_config = ConfigDict(populate_by_name=True)

    dimension: Dimension
    from_: str | None = Field(alias="from")
    to: str | None
    at: datetime
    since: date = Field(description="The day it took effect: `effective_on`, or that of `at`.")
    effective_on: date | None
    until: date | None = Field(description="The day the next value took effect; null at present.")
    days: int = Field(description="How long it lasted, or has lasted until today.")
    reason: str | None
    source: Source
    is_correction: bool
    actor_id: UUID | None
    actor_kind: str | None
    actor_name: str | None
    version: int = Field(description="Of the account, after the change.")


class PresentStanding(BaseModel):
    """`how` is the newest entry; null when nobody has said anything of this dimension yet."""

    value: str | None
    how: StandingEntry | None
    next: list[str] = Field(description="Where it may go from here.")


class Present(BaseModel):
    grade: PresentStanding
    lifecycle_stage: PresentStanding
    relationship_level: PresentStanding
    needs_tier: PresentStanding


class TierState(BaseModel):
    tier: NeedsTier
    is_met: bool


class StandingRead(BaseModel):
    """Where an account stands, since when and why; and how it came there, newest first."""

    account_id: UUID
    version: int
    present: Present
    needs: list[TierState]
    history: list[StandingEntry]
    page: Page

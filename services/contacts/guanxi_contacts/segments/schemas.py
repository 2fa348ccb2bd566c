"""Segments as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from guanxi_contacts.pools.schemas import FilterDocument
from guanxi_shared.sharing import SharedWith
from guanxi_shared.values import Fields, Line, Prose

Kind = Literal["dynamic", "frozen"]
ResourceName = Literal["accounts", "contacts"]
MemberIds = Annotated[list[UUID], Field(max_length=10_000)]
EXAMPLE: dict[str, Any] = {
    "name": "Retail, not seen for a month",
    "resource": "accounts",
    "document": {
        "filter_groups": [
            {
                "filters": [
                    {"field": "industry", "operator": "eq", "value": "retail"},
                    {"field": "updated_at", "operator": "lt", "value": "-30d"},
                ]
            }
        ]
    },
    "shared_with": "all",
}


class SegmentFields(Fields):
    model_config = ConfigDict(extra="forbid")

    description: Prose | None = None
    document: FilterDocument = Field(default_factory=FilterDocument)
    shared_with: SharedWith = "nobody"
    shared_team_id: UUID | None = Field(
        default=None, description="Which team, when shared with one; absent: the only one one has."
    )


class SegmentCreate(SegmentFields):
    """A frozen one takes what its document finds now, or begins empty without one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = None
    name: Line
    resource: ResourceName
    kind: Kind = "dynamic"


class SegmentUpdate(SegmentFields):
    """The document of a frozen one stays: it says how it was taken."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "Retail"}})

    name: Line = Field(default="", validate_default=False)


class SegmentRead(BaseModel):
    id: UUID
    name: str
    description: str | None
    resource: ResourceName
    kind: Kind
    document: dict[str, Any]
    frozen_at: datetime | None
    members_changed_at: datetime | None
    shared_with: SharedWith
    shared_team_id: UUID | None
    owner_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


class SegmentWithCount(SegmentRead):
    """`count` are the members that the caller sees, at `counted_at`; null when the document means
    nothing any more, which `problem` then says."""

    count: int | None
    counted_at: datetime
    problem: str | None
    looked_at: datetime | None = Field(
        default=None,
        description="When it was last seen which accounts are in it, whoever sees them: what analytics knows is as of then.",
    )
    not_told: str | None = Field(
        default=None, description="Why no account is told to be in it: what its document means depends on who asks, or is nothing any more."
    )  # fmt: skip


class SegmentMemberRead(BaseModel):
    """That an account is in a segment: as the feed tells it."""

    id: UUID
    segment_id: UUID
    account_id: UUID
    version: int
    created_at: datetime
    updated_at: datetime


class Freeze(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"name": "Retail, as of today"}}
    )

    name: Line | None = None


class Combine(BaseModel):
    """This segment with another one: in either, in both, in this but not in that."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "operation": "except",
                "segment_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
                "name": "Retail without those written to",
            }
        },
    )

    operation: Literal["union", "intersect", "except"]
    segment_id: UUID
    name: Line


class MembersChange(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"add": ["01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"]}},
    )

    add: MemberIds = Field(default_factory=list)
    remove: MemberIds = Field(default_factory=list)

    @model_validator(mode="after")
    def check_some(self) -> "MembersChange":
        if not self.add and not self.remove:
            raise ValueError("send ids to add or to remove")
        if set(self.add) & set(self.remove):
            raise ValueError("an id cannot be added and removed at once")
        return self


class SegmentOfRecord(BaseModel):
    id: UUID
    name: str
    kind: Kind


class SegmentsOfRecord(BaseModel):
    data: list[SegmentOfRecord]

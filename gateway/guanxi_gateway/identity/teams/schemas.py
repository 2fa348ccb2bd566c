"""Bodies of `/v1/teams`."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_gateway.identity.fields import Name


class TeamCreate(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "华东销售部", "parent_id": None}]}
    )

    id: UUID | None = None
    name: Name
    parent_id: UUID | None = None
    member_ids: list[UUID] = Field(default_factory=list, max_length=2000)


class TeamUpdate(BaseModel):
    """`member_ids` replaces all members; single ones come and go at `/members/{user_id}`."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    parent_id: UUID | None = None
    member_ids: list[UUID] = Field(default_factory=list, max_length=2000)


class TeamRead(BaseModel):
    id: UUID
    name: str
    parent_id: UUID | None
    member_ids: list[UUID]
    version: int
    created_at: datetime
    updated_at: datetime

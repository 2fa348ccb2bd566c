"""Bodies of `/v1/invitations`."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_gateway.identity.fields import Email, Name, Password, RoleName, Zone


class InvitationCreate(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"email": "new@demo.example", "role": "sales"}]},
    )

    id: UUID | None = None
    email: Email
    name: Name | None = None
    role: RoleName
    team_ids: list[UUID] = Field(default_factory=list, max_length=100)


class InvitationRead(BaseModel):
    id: UUID
    email: str
    name: str | None
    role: str
    team_ids: list[UUID]
    invited_by_id: UUID | None
    expires_at: datetime
    accepted_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class InvitationMade(InvitationRead):
    """`link` is what the mail holds, for whoever would rather hand it over; shown this once."""

    link: str | None


class InvitationAccept(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1, max_length=200)
    name: Name
    password: Password
    time_zone: Zone | None = None

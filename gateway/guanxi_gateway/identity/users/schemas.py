"""Bodies of `/v1/users`."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_gateway.identity.fields import Email, Name, Password, RoleName, Zone


class UserCreate(BaseModel):
    """Without a password the user signs in after an invitation, a reset, or at a provider."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"email": "lina@demo.example", "name": "李娜", "role": "sales"}]
        },
    )

    id: UUID | None = None
    email: Email
    name: Name
    role: RoleName
    password: Password | None = None
    team_ids: list[UUID] = Field(default_factory=list, max_length=100)
    is_active: bool = True
    time_zone: Zone | None = None
    locale: str | None = Field(default=None, max_length=35)
    phone: str | None = Field(default=None, max_length=40)


class UserUpdate(BaseModel):
    """Only what is sent changes. A password ends the user's sessions."""

    model_config = ConfigDict(extra="forbid")

    email: Email = ""
    name: Name = ""
    role: RoleName = ""
    password: Password = ""
    team_ids: list[UUID] = Field(default_factory=list, max_length=100)
    is_active: bool = True
    time_zone: Zone | None = None
    locale: str | None = Field(default=None, max_length=35)
    phone: str | None = Field(default=None, max_length=40)


class UserRead(BaseModel):
    id: UUID
    email: str
    name: str
    role: str
    is_active: bool
    time_zone: str | None
    locale: str | None
    phone: str | None
    has_second_factor: bool
    team_ids: list[UUID]
    version: int
    created_at: datetime
    updated_at: datetime

"""Bodies of `/v1/shares`."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from guanxi_gateway.identity.fields import Instant


class ShareCreate(BaseModel):
    """One record to one user or one team, for reading or for writing, until a time or for good."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "resource": "accounts",
                    "record_id": "0192d3a0-0000-7000-8000-000000000001",
                    "user_id": "0192d3a0-0000-7000-8000-000000000002",
                    "access": "read",
                }
            ]
        },
    )

    id: UUID | None = None
    resource: str = Field(min_length=1, max_length=40)
    record_id: UUID
    user_id: UUID | None = None
    team_id: UUID | None = None
    access: Literal["read", "write"] = "read"
    until: Instant | None = None

    @model_validator(mode="after")
    def name_one_receiver(self) -> Self:
        if (self.user_id is None) == (self.team_id is None):
            raise ValueError("Name a user or a team, not both.")
        return self


class ShareUpdate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    access: Literal["read", "write"] = "read"
    until: Instant | None = None


class ShareRead(BaseModel):
    id: UUID
    resource: str
    record_id: UUID
    user_id: UUID | None
    team_id: UUID | None
    access: str
    until: datetime | None
    owner_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime

"""Bodies of `/v1/roles`."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_gateway.identity.fields import Permission, RoleName

Breadth = Literal["own", "team", "subtree", "all"]


class RoleCreate(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "key-accounts",
                    "permissions": ["accounts:*", "contacts:*", "activities:*"],
                    "visibility": {"*": "team", "accounts": "all"},
                }
            ]
        },
    )

    id: UUID | None = None
    name: RoleName
    description: str | None = Field(default=None, max_length=500)
    permissions: list[Permission] = Field(max_length=300)
    visibility: dict[str, Breadth] = Field(default_factory=dict, max_length=100)


class RoleUpdate(BaseModel):
    """A role keeps its name: users and tokens know it by that."""

    model_config = ConfigDict(extra="forbid")

    description: str | None = Field(default=None, max_length=500)
    permissions: list[Permission] = Field(default_factory=list, max_length=300)
    visibility: dict[str, Breadth] = Field(default_factory=dict, max_length=100)


class RoleRead(BaseModel):
    """Built-in roles have no id and cannot be changed."""

    id: UUID | None
    name: str
    description: str | None
    permissions: list[str]
    visibility: dict[str, str]
    is_built_in: bool
    version: int
    created_at: datetime | None
    updated_at: datetime | None


class RoleList(BaseModel):
    data: list[RoleRead]

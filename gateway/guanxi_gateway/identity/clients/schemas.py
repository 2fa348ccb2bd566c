"""Bodies of `/v1/oauth-clients`."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from guanxi_gateway.identity.fields import Name, Permission

RedirectUri = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
GrantType = Literal[
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
]


class OAuthClientCreate(BaseModel):
    """A public client (an app on somebody's device) has no secret. Client credentials need a
    confidential one, and `user_id`: the user it acts as."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "Field app",
                    "redirect_uris": ["com.example.field:/callback", "http://127.0.0.1/callback"],
                    "grant_types": ["authorization_code", "refresh_token"],
                    "scopes": ["accounts:read", "contacts:read"],
                }
            ]
        },
    )

    id: UUID | None = None
    name: Name
    redirect_uris: list[RedirectUri] = Field(default_factory=list, max_length=20)
    grant_types: list[GrantType] = Field(min_length=1, max_length=4)
    scopes: list[Permission] = Field(min_length=1, max_length=200)
    is_public: bool = True
    user_id: UUID | None = None


class OAuthClientUpdate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    redirect_uris: list[RedirectUri] = Field(default_factory=list, max_length=20)
    scopes: list[Permission] = Field(default_factory=list, min_length=1, max_length=200)


class OAuthClientRead(BaseModel):
    """`id` is the `client_id`."""

    id: UUID
    name: str
    redirect_uris: list[str]
    grant_types: list[str]
    scopes: list[str]
    is_public: bool
    user_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


class OAuthClientMade(OAuthClientRead):
    """`client_secret` is shown this once; null for a public client."""

    client_secret: str | None

"""Bodies of signing in and out."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_gateway.identity.password_rules import MAX_LENGTH


class SignIn(BaseModel):
    """`organisation_id` chooses, when one address works for several organisations."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"email": "sales@demo.example", "password": "correct horse battery"}]
        },
    )

    email: str = Field(min_length=1, max_length=320)
    password: str = Field(min_length=1, max_length=MAX_LENGTH * 4)
    totp: str | None = Field(default=None, max_length=40, description="A code, or a recovery code")
    organisation_id: UUID | None = None


class Refresh(BaseModel):
    model_config = ConfigDict(extra="forbid")

    refresh_token: str = Field(min_length=1, max_length=200)


class SignOut(BaseModel):
    """With a refresh token no access token is needed; `everywhere` ends all of one's sessions."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: str | None = Field(default=None, max_length=200)
    everywhere: bool = False


class Tokens(BaseModel):
    access_token: str
    refresh_token: str | None = None
    token_type: str = "Bearer"
    expires_in: int


class SessionRead(BaseModel):
    id: UUID
    method: str
    client_id: UUID | None
    scopes: list[str] | None
    user_agent: str | None
    network_address: str | None
    is_current: bool
    created_at: datetime
    last_used_at: datetime


class SessionList(BaseModel):
    data: list[SessionRead]

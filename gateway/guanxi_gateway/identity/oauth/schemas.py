"""Bodies of the OAuth endpoints that speak JSON."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class ApproveRequest(BaseModel):
    """What a front-end of ours posts with its user's token after it has asked them."""

    model_config = ConfigDict(extra="forbid")

    response_type: str = Field(max_length=40)
    client_id: str = Field(max_length=80)
    redirect_uri: str | None = Field(default=None, max_length=2000)
    scope: str = Field(default="", max_length=4000)
    state: str | None = Field(default=None, max_length=2000)
    code_challenge: str = Field(default="", max_length=128)
    code_challenge_method: str = Field(default="", max_length=10)
    decision: Literal["approve", "deny"]


class Redirect(BaseModel):
    redirect_to: str


class DeviceDecision(BaseModel):
    model_config = ConfigDict(extra="forbid")

    user_code: str = Field(min_length=1, max_length=40)
    decision: Literal["approve", "deny"]


class DeviceDecided(BaseModel):
    client_id: UUID
    client_name: str
    scopes: list[str]
    status: str


class DeviceCodes(BaseModel):
    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class OAuthTokens(BaseModel):
    access_token: str
    refresh_token: str | None = None
    token_type: str
    expires_in: int
    scope: str | None = None

"""Bodies of `/v1/api-keys`."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_gateway.identity.fields import Instant, Name, Permission


class ApiKeyCreate(BaseModel):
    """`scopes` are permissions; the key may do what they and its owner's role both allow."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "nightly import", "scopes": ["accounts:*", "imports:create"]}]
        },
    )

    id: UUID | None = None
    name: Name
    scopes: list[Permission] = Field(min_length=1, max_length=200)
    expires_at: Instant | None = None


class ApiKeyRead(BaseModel):
    """`public_id` is the part of the key after `gx_live_`, by which people tell keys apart."""

    id: UUID
    name: str
    public_id: str
    owner_id: UUID
    scopes: list[str]
    expires_at: datetime | None
    last_used_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class ApiKeyMade(ApiKeyRead):
    """`key` is shown this once; a repeated request with the same Idempotency-Key gets null."""

    key: str | None

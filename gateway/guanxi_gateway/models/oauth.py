"""Programs that act for people (OAuth 2)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_gateway.db import Table
from guanxi_gateway.models.columns import (
    digest,
    instant,
    of_user,
    texts,
    version,
    words,
)


class OAuthClient(Table, table=True):
    """An application of third parties; its `id` is the `client_id`.

    `user_id` is the user it acts as under client credentials.
    """

    __tablename__ = "oauth_clients"
    __table_args__ = (of_user(),)

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    name: str = words()
    redirect_uris: list[str] = texts()
    grant_types: list[str] = texts()
    scopes: list[str] = texts()
    is_public: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    secret_digest: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    user_id: UUID | None = None
    version: int = version()
    created_at: datetime = instant()
    updated_at: datetime = instant()
    deleted_at: datetime | None = instant(nullable=True)


def of_client() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["organisation_id", "client_id"], ["oauth_clients.organisation_id", "oauth_clients.id"],
        ondelete="CASCADE",
    )  # fmt: skip


class OAuthCode(Table, table=True):
    __tablename__ = "oauth_codes"
    __table_args__ = (of_user(), of_client(), UniqueConstraint("organisation_id", "digest"))

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    client_id: UUID
    user_id: UUID
    digest: bytes = digest()
    redirect_uri: str = words()
    challenge: str = words()
    scopes: list[str] = texts()
    session_id: UUID | None = None
    expires_at: datetime = instant()
    used_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()


class DeviceCode(Table, table=True):
    __tablename__ = "device_codes"
    __table_args__ = (
        of_user(),
        of_client(),
        UniqueConstraint("organisation_id", "digest"),
        Index("ix_device_codes_organisation_id_user_code", "organisation_id", "user_code"),
    )

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    client_id: UUID
    user_id: UUID | None = None
    digest: bytes = digest()
    user_code: str = words()
    scopes: list[str] = texts()
    status: str = words("pending")
    interval_seconds: int = Field(default=5, sa_column_kwargs={"server_default": text("5")})
    last_polled_at: datetime | None = instant(nullable=True)
    expires_at: datetime = instant()
    created_at: datetime = instant()

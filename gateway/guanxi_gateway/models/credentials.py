"""How people prove who they are, and what was tried in vain."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from guanxi_gateway.db import Table
from guanxi_gateway.models.columns import (
    digest,
    document,
    instant,
    of_user,
    texts,
    version,
    words,
)


class ApiKey(Table, table=True):
    """Acts for its owner, within `scopes`; `public_id` is the part of the key that may be shown."""

    __tablename__ = "api_keys"
    __table_args__ = (
        of_user(column="owner_id"),
        UniqueConstraint("organisation_id", "public_id"),
        Index("ix_api_keys_organisation_id_owner_id", "organisation_id", "owner_id"),
    )

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    owner_id: UUID
    name: str = words()
    public_id: str = words()
    digest: bytes = digest()
    scopes: list[str] = texts()
    expires_at: datetime | None = instant(nullable=True)
    last_used_at: datetime | None = instant(nullable=True)
    version: int = version()
    created_at: datetime = instant()
    updated_at: datetime = instant()
    deleted_at: datetime | None = instant(nullable=True)


class SignInSession(Table, table=True):
    """A family of refresh tokens: one sign-in on one device, or one OAuth grant.

    `scopes` null means everything the user's role allows.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        of_user(),
        Index("ix_sessions_organisation_id_user_id", "organisation_id", "user_id"),
        Index("ix_sessions_organisation_id_device_id", "organisation_id", "device_id",
              postgresql_where=text("device_id IS NOT NULL")),
    )  # fmt: skip

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    user_id: UUID
    method: str = words()
    client_id: UUID | None = None
    scopes: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    user_agent: str | None = words(nullable=True)
    network_address: str | None = words(nullable=True)
    created_at: datetime = instant()
    last_used_at: datetime = instant()
    revoked_at: datetime | None = instant(nullable=True)
    revoked_because: str | None = words(nullable=True)
    device_id: UUID | None = None  # the device that was seen with it


class RefreshToken(Table, table=True):
    __tablename__ = "refresh_tokens"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "session_id"], ["sessions.organisation_id", "sessions.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("organisation_id", "digest"),
        Index("ix_refresh_tokens_organisation_id_session_id", "organisation_id", "session_id"),
        Index("ix_refresh_tokens_organisation_id_expires_at", "organisation_id", "expires_at"),
    )  # fmt: skip

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    session_id: UUID
    digest: bytes = digest()
    spent_at: datetime | None = instant(nullable=True)
    successor_id: UUID | None = None
    expires_at: datetime = instant()
    created_at: datetime = instant()


class TotpDevice(Table, table=True):
    """A second factor; unconfirmed until the user has shown one code of it."""

    __tablename__ = "totp_devices"
    __table_args__ = (of_user(column="id"),)

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    sealed_secret: str = words()
    last_step: int | None = Field(default=None, sa_column=Column(BigInteger))
    recovery_digests: list[bytes] = Field(
        default_factory=list,
        sa_column=Column(ARRAY(LargeBinary), nullable=False, server_default=text("'{}'")),
    )
    confirmed_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()


class PasswordReset(Table, table=True):
    __tablename__ = "password_resets"
    __table_args__ = (
        of_user(),
        Index("ix_password_resets_organisation_id_user_id", "organisation_id", "user_id"),
    )

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    user_id: UUID
    digest: bytes = digest()
    expires_at: datetime = instant()
    used_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()


class Lookup(Table, table=True):
    """From the hash of a credential to its organisation, before any organisation can be bound."""

    __tablename__ = "lookups"
    __table_args__ = (
        PrimaryKeyConstraint("kind", "digest", "organisation_id", "subject_id"),
        Index("ix_lookups_organisation_id_subject_id", "organisation_id", "subject_id"),
    )

    kind: str = words()
    digest: bytes = digest()
    organisation_id: UUID
    subject_id: UUID
    expires_at: datetime | None = instant(nullable=True)


class SigningKey(Table, table=True):
    __tablename__ = "signing_keys"

    kid: str = Field(primary_key=True, sa_type=Text)
    sealed_key: str = words()
    public_jwk: dict[str, Any] = document()
    signs_from: datetime = instant()
    created_at: datetime = instant()


class FailedSignIn(Table, table=True):
    """`key` is the hash of a typed address or of a network address, known or not."""

    __tablename__ = "failed_sign_ins"
    __table_args__ = (
        PrimaryKeyConstraint("key"),
        Index("ix_failed_sign_ins_last_failed_at", "last_failed_at"),
    )

    key: bytes = digest()
    count: int = Field(default=0)
    last_failed_at: datetime = instant()
    locked_until: datetime | None = instant(nullable=True)


class Revocation(Table, table=True):
    """Sessions whose access tokens are refused until they expire by themselves."""

    __tablename__ = "revocations"

    session_id: UUID = Field(primary_key=True)
    until: datetime = instant()

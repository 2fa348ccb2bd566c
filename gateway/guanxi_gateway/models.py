"""Every table of identity, in reading order: who there is, what they may, how they prove it.

Secrets are kept as SHA-256 of 256 random bits (keys, tokens, codes), as argon2id (passwords), or
sealed with the gateway's secret (TOTP seeds, signing keys); none can be read back from a dump.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from guanxi_gateway.db import Table
from guanxi_gateway.webhooks import models as webhooks

WEBHOOKS = (
    webhooks.Webhook, webhooks.WebhookTurn, webhooks.WebhookDelivery, webhooks.WebhookAttempt,
)  # fmt: skip

# Shared by all organisations, without a row-level policy: they hold hashes, counters and times.
# `signing_keys` holds sealed private keys. Only the roles of this schema can read any of them.
PLATFORM_TABLES = frozenset(
    {"lookups", "signing_keys", "rate_limits", "failed_sign_ins", "revocations"}
)


def instant(*, nullable: bool = False) -> Any:
    now = None if nullable else func.clock_timestamp()
    return Field(
        default=None,
        sa_column=Column(DateTime(timezone=True), nullable=nullable, server_default=now),
    )


def texts() -> Any:
    column: Column[Any] = Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    return Field(default_factory=list, sa_column=column)


def ids() -> Any:
    column: Column[Any] = Column(ARRAY(Uuid), nullable=False, server_default=text("'{}'"))
    return Field(default_factory=list, sa_column=column)


def words(default: str | None = None, *, nullable: bool = False) -> Any:
    server = None if default is None else text(f"'{default}'")
    return Field(default=default, sa_column=Column(Text, nullable=nullable, server_default=server))


def document() -> Any:
    column: Column[Any] = Column(JSONB, nullable=False, server_default=text("'{}'"))
    return Field(default_factory=dict, sa_column=column)


def digest() -> Any:
    return Field(sa_column=Column(LargeBinary, nullable=False))


def version() -> Any:
    return Field(default=1, sa_column=Column(BigInteger, nullable=False, server_default=text("1")))


def of_user(*, column: str = "user_id") -> ForeignKeyConstraint:
    """Composite, because the checks of foreign keys bypass row-level security."""
    return ForeignKeyConstraint(
        ["organisation_id", column], ["users.organisation_id", "users.id"], ondelete="CASCADE"
    )


class Organisation(Table, table=True):
    """A tenant. Its id is its own organisation; `directory_version` counts every change of users,
    teams, roles and shares."""

    __tablename__ = "organisations"
    __table_args__ = (CheckConstraint("id = organisation_id", name="own_organisation"),)

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    name: str = words()
    time_zone: str = words("UTC")
    currency: str = words("CNY")
    region: str = words("CN")
    rate_quota: int | None = None
    rate_window_seconds: int | None = None
    directory_version: int = version()
    version: int = version()
    created_at: datetime = instant()
    updated_at: datetime = instant()
    deleted_at: datetime | None = instant(nullable=True)


class User(Table, table=True):
    """`role` names a built-in role or one of the organisation's `roles`."""

    __tablename__ = "users"
    __table_args__ = (
        Index(
            "uq_users_organisation_id_email",
            "organisation_id",
            text("lower(email)"),
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    email: str = words()
    name: str = words()
    role: str = words()
    is_active: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    time_zone: str | None = words(nullable=True)
    locale: str | None = words(nullable=True)
    phone: str | None = words(nullable=True)
    password_hash: str | None = words(nullable=True)
    has_second_factor: bool = Field(
        default=False, sa_column_kwargs={"server_default": text("false")}
    )
    version: int = version()
    created_at: datetime = instant()
    updated_at: datetime = instant()
    deleted_at: datetime | None = instant(nullable=True)


class Team(Table, table=True):
    __tablename__ = "teams"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "parent_id"], ["teams.organisation_id", "teams.id"]
        ),
        Index("ix_teams_organisation_id_parent_id", "organisation_id", "parent_id"),
    )

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    name: str = words()
    parent_id: UUID | None = None
    version: int = version()
    created_at: datetime = instant()
    updated_at: datetime = instant()
    deleted_at: datetime | None = instant(nullable=True)


class TeamMember(Table, table=True):
    __tablename__ = "team_members"
    __table_args__ = (
        of_user(),
        ForeignKeyConstraint(
            ["organisation_id", "team_id"], ["teams.organisation_id", "teams.id"],
            ondelete="CASCADE",
        ),
        Index("ix_team_members_organisation_id_user_id", "organisation_id", "user_id"),
    )  # fmt: skip

    organisation_id: UUID = Field(primary_key=True)
    team_id: UUID = Field(primary_key=True)
    user_id: UUID = Field(primary_key=True)
    created_at: datetime = instant()


class Role(Table, table=True):
    """An organisation's own roles; the built-in ones are in `permission_rules`."""

    __tablename__ = "roles"
    __table_args__ = (
        Index(
            "uq_roles_organisation_id_name",
            "organisation_id",
            "name",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    name: str = words()
    description: str | None = words(nullable=True)
    permissions: list[str] = texts()
    visibility: dict[str, str] = document()
    version: int = version()
    created_at: datetime = instant()
    updated_at: datetime = instant()
    deleted_at: datetime | None = instant(nullable=True)


class Share(Table, table=True):
    """One record (`record_id`, of the service that owns `resource`) shown to a user or a team; `owner_id`
    is who shared it."""

    __tablename__ = "shares"
    __table_args__ = (
        of_user(),
        ForeignKeyConstraint(
            ["organisation_id", "team_id"], ["teams.organisation_id", "teams.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("num_nonnulls(user_id, team_id) = 1", name="one_receiver"),
        CheckConstraint("access IN ('read', 'write')", name="access"),
        Index("ix_shares_organisation_id_record_id", "organisation_id", "record_id"),
        Index(
            "uq_shares_organisation_id_record_id_receiver", "organisation_id", "resource",
            "record_id", text("coalesce(user_id, team_id)"), unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    resource: str = words()
    record_id: UUID
    user_id: UUID | None = None
    team_id: UUID | None = None
    access: str = words("read")
    until: datetime | None = instant(nullable=True)
    owner_id: UUID | None = None
    version: int = version()
    created_at: datetime = instant()
    updated_at: datetime = instant()
    deleted_at: datetime | None = instant(nullable=True)


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
    )

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


class Invitation(Table, table=True):
    __tablename__ = "invitations"
    __table_args__ = (
        Index("ix_invitations_organisation_id_email", "organisation_id", text("lower(email)")),
    )

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    email: str = words()
    name: str | None = words(nullable=True)
    role: str = words()
    team_ids: list[UUID] = ids()
    digest: bytes = digest()
    invited_by_id: UUID | None = None
    expires_at: datetime = instant()
    accepted_at: datetime | None = instant(nullable=True)
    version: int = version()
    created_at: datetime = instant()
    updated_at: datetime = instant()
    deleted_at: datetime | None = instant(nullable=True)


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


class AuditEntry(Table, table=True):
    """Append-only (a trigger refuses anything else); `digest` chains it to the one before."""

    __tablename__ = "audit_log"
    __table_args__ = (
        UniqueConstraint("organisation_id", "position"),
        Index("ix_audit_log_organisation_id_action", "organisation_id", "action"),
    )

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    action: str = words()
    entry: dict[str, Any] = document()
    digest: bytes = digest()
    occurred_at: datetime = instant()


class AuditHead(Table, table=True):
    """The end of an organisation's chain, locked by whoever adds to it."""

    __tablename__ = "audit_heads"

    organisation_id: UUID = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    digest: bytes = digest()


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


class RateLimit(Table, table=True):
    """GCRA state (`limits_rules`); unlogged, so that a crash of the server empties it."""

    __tablename__ = "rate_limits"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    key: str = Field(primary_key=True, sa_type=Text)
    arrival: float


class SyncCursor(Table, table=True):
    """Where a phone stands: its id is what the phone keeps, `standings` what each service said (feed
    position, whose records were in view), `again` the ids that a push ran into. `device_id` is whatever
    the phone calls itself."""

    __tablename__ = "sync_cursors"
    __table_args__ = (
        of_user(),
        Index(
            "ix_sync_cursors_organisation_id_user_id",
            "organisation_id", "user_id", "device_id", "id",
        ),
    )  # fmt: skip

    organisation_id: UUID = Field(primary_key=True)
    id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    user_id: UUID
    device_id: str | None = words(nullable=True)
    standings: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    again: dict[str, Any] = document()
    at: datetime = instant()


class SyncProfile(Table, table=True):
    """What a user wants on their phones; nothing said is everything they see."""

    __tablename__ = "sync_profiles"
    __table_args__ = (
        of_user(),
        CheckConstraint("records IN ('mine', 'team', 'all')", name="records"),
    )

    organisation_id: UUID = Field(primary_key=True)
    user_id: UUID = Field(primary_key=True)
    records: str = words()
    activity_days: int | None = None
    updated_at: datetime = instant()

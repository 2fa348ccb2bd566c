"""Who there is: organisations, people, teams, roles, and what is shared with whom."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_gateway.db import Table
from guanxi_gateway.models.columns import (
    digest,
    document,
    ids,
    instant,
    of_user,
    texts,
    version,
    words,
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

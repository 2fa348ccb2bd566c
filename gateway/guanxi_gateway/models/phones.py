"""Phones that work offline: where each stands, and what its user wants on it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from guanxi_gateway.db import Table
from guanxi_gateway.models.columns import (
    document,
    instant,
    of_user,
    version,
    words,
)

PLATFORMS = ("ios", "android", "web", "windows", "macos", "linux", "unknown")


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


class SyncDeletion(Table, table=True):
    """A deletion that reaches over several services and is under way: `part` is what the first of them was asked.
    Its row goes when the last one has answered."""

    __tablename__ = "sync_deletions"
    __table_args__ = (
        of_user(),
        Index("ix_sync_deletions_organisation_id_user_id", "organisation_id", "user_id"),
    )

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    user_id: UUID
    device_id: str | None = words(nullable=True)
    part: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime = instant()


class Device(Table, table=True):
    """A phone, tablet or browser that syncs: `device_id` is what it calls itself (`X-Device-Id`). A wipe was
    ordered, then heard by the device, then done; until it is done and somebody signed in anew on it, the device
    gets nothing. `hinted_at`: when it was last told that there is something to pull."""

    __tablename__ = "devices"
    __table_args__ = (
        of_user(column="owner_id"),
        UniqueConstraint("organisation_id", "owner_id", "device_id"),
        CheckConstraint(f"platform IN {PLATFORMS}", name="platform"),
        Index("ix_devices_organisation_id_hinted", "organisation_id", "id",
              postgresql_where=text("push_token IS NOT NULL")),
    )  # fmt: skip

    organisation_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    owner_id: UUID
    device_id: str = words()
    name: str = words()
    platform: str = words("unknown")
    app_version: str | None = words(nullable=True)
    push_token: str | None = words(nullable=True)
    last_pulled_at: datetime | None = instant(nullable=True)
    last_pushed_at: datetime | None = instant(nullable=True)
    hinted_at: datetime | None = instant(nullable=True)
    wipe_ordered_at: datetime | None = instant(nullable=True)
    wipe_ordered_by_id: UUID | None = None
    wipe_heard_at: datetime | None = instant(nullable=True)
    wiped_at: datetime | None = instant(nullable=True)
    version: int = version()
    created_at: datetime = instant()
    updated_at: datetime = instant()
    deleted_at: datetime | None = instant(nullable=True)

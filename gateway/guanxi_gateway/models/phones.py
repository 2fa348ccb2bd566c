"""Phones that work offline: where each stands, and what its user wants on it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from guanxi_gateway.db import Table
from guanxi_gateway.models.columns import (
    document,
    instant,
    of_user,
    words,
)


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

"""Calendar feeds: secret addresses at which other calendars read."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_shared.columns import (
    id_column,
    instant_column,
    json_column,
    text_column,
    version_column,
)


class CalendarFeed(Table, table=True):
    """What somebody sees, or a team's part of it, for whoever knows the secret."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        Index("ix_calendar_feeds_owned", "organisation_id", "owner_id", "id"),
        Index("uq_calendar_feeds_organisation_id_digest", "organisation_id", "digest", unique=True),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    shown_team_id: UUID | None = id_column()  # else the owner's own
    owner_id: UUID | None = id_column()  # gateway's user
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # SHA-256 of the secret
    rights: dict[str, Any] = json_column("{}")  # the owner's, as they were when it was made
    last_read_at: datetime | None = instant_column("last_read_at", nullable=True)
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)

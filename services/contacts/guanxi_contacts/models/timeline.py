"""What other services told of accounts and contacts, as their timelines show it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_shared.columns import id_column, instant_column, json_column, one_of, text_column

SUBJECTS = ("account", "contact")


class TimelineEntry(Table, table=True):
    """One event of another service, once for each record that it is about. Never changed, but that
    a merge gives it to the survivor."""

    __tablename__ = "timeline_entries"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "event_id", "subject_id"),
        one_of("subject_type", SUBJECTS),
        Index(
            "ix_timeline_entries_organisation_id_subject_id",
            "organisation_id", "subject_id", "at", "id",
        ),
        Index("ix_timeline_entries_organisation_id_source_id", "organisation_id", "source_id"),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    event_id: UUID = id_column(nullable=False)  # in the other service's feed
    subject_id: UUID = id_column(nullable=False)
    subject_type: str = text_column(nullable=False)
    id: UUID = id_column(nullable=False)  # the entry's own
    at: datetime = instant_column("at")
    type: str = text_column(nullable=False)  # of the event
    title: str = text_column(nullable=False)
    summary: str | None = text_column()
    source_type: str = text_column(nullable=False)
    source_id: UUID = id_column(nullable=False)  # the other service's record
    actor_id: UUID | None = id_column()  # gateway's user
    data: dict[str, Any] = json_column("{}")


class TimelineSource(Table, table=True):
    """A record of another service as far as it decides who sees the entries about it."""

    __tablename__ = "timeline_sources"
    __table_args__ = (PrimaryKeyConstraint("organisation_id", "id"),)

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    resource: str = text_column(nullable=False)  # the word of its permission
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    version: int = Field(sa_column=Column(BigInteger, nullable=False))  # the newest that was heard
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)

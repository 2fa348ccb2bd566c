"""Activities: every dealing with customers, done or planned."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_shared.columns import (
    id_column,
    ids_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    texts_column,
    version_column,
)
from guanxi_shared.schema import add_search_table

KINDS = ("call", "visit", "meeting", "email", "message", "note", "task")
STATUSES = ("planned", "done", "cancelled")
PRIORITIES = ("low", "normal", "high")


def instants_column() -> Any:
    kind = ARRAY(DateTime(timezone=True))
    return Field(sa_column=Column(kind, nullable=False, server_default=text("'{}'")))


class Activity(Table, table=True):
    """A call, visit, meeting, email, message, note or task, linked to whom and what it is about.

    A repeating call, visit or meeting is one row, its series; an occurrence that differs is a row
    of its own with `series_id` and `recurrence_id`. A repeating task is a chain: each row is one
    occurrence, and completing it makes the next.
    """

    __tablename__ = "activities"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "series_id"], ["activities.organisation_id", "activities.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "follow_up_of_id"], ["activities.organisation_id", "activities.id"]
        ),
        one_of("kind", KINDS),
        one_of("status", STATUSES),
        one_of("priority", PRIORITIES),
        CheckConstraint("ends_at > starts_at", name="ends_at"),
        CheckConstraint("(status = 'done') = (done_at IS NOT NULL)", name="done_at"),
        Index("ix_activities_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index("ix_activities_organisation_id_owner_id", "organisation_id", "owner_id", "updated_at", "id"),
        Index("ix_activities_owned", "organisation_id", "owner_id", "id"),
        Index(
            "ix_activities_organisation_id_team_id", "organisation_id", "team_id", "updated_at", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        Index("ix_activities_organisation_id_starts_at", "organisation_id", "starts_at", "id"),
        Index("ix_activities_agenda", "organisation_id", "owner_id", "starts_at", "id"),
        Index(
            "ix_activities_due", "organisation_id", "owner_id", "due_at", "id",
            postgresql_where=text("status = 'planned' AND due_at IS NOT NULL"),
        ),
        Index(
            "ix_activities_recurring", "organisation_id", "owner_id",
            postgresql_where=text("recurrence IS NOT NULL"),
        ),
        Index(
            "ix_activities_linked", "organisation_id", "account_ids", "contact_ids", "invited_ids",
            postgresql_using="gin", postgresql_with={"fastupdate": "off"},
        ),
        *(
            Index(
                f"ix_activities_organisation_id_{name}", "organisation_id", name,
                postgresql_where=text(f"{name} IS NOT NULL"),
            )
            for name in ("opportunity_id", "ticket_id", "external_id", "follow_up_of_id")
        ),
        Index(
            "uq_activities_organisation_id_recurrence_id",
            "organisation_id", "series_id", "recurrence_id",
            unique=True, postgresql_where=text("series_id IS NOT NULL AND deleted_at IS NULL"),
        ),
        Index(
            "ix_activities_reminder_at", "reminder_at",
            postgresql_where=text(
                "status = 'planned' AND reminded_at IS NULL AND deleted_at IS NULL"
                " AND reminder_at IS NOT NULL"
            ),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    kind: str = text_column(nullable=False)
    subject: str = text_column(nullable=False)
    body: str | None = text_column()
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="planned"))
    priority: str = Field(sa_column=Column(Text, nullable=False, server_default="normal"))
    starts_at: datetime | None = instant_column("starts_at", nullable=True)
    ends_at: datetime | None = instant_column("ends_at", nullable=True)
    duration_minutes: int | None = Field(default=None, sa_column=Column(BigInteger))
    due_at: datetime | None = instant_column("due_at", nullable=True)
    done_at: datetime | None = instant_column("done_at", nullable=True)
    outcome: str | None = text_column()
    next_step: str | None = text_column()
    location: str | None = text_column()
    latitude: float | None = Field(default=None, sa_column=Column(Float))
    longitude: float | None = Field(default=None, sa_column=Column(Float))
    time_zone: str | None = text_column()  # IANA; a rule keeps the wall-clock time of this zone
    recurrence: str | None = text_column()  # an RRULE of RFC 5545 without its name
    exdates: list[datetime] = instants_column()  # occurrences that do not take place
    series_id: UUID | None = id_column()
    recurrence_id: datetime | None = instant_column("recurrence_id", nullable=True)
    reminder_at: datetime | None = instant_column("reminder_at", nullable=True)
    reminded_at: datetime | None = instant_column("reminded_at", nullable=True)
    account_ids: list[UUID] = ids_column()
    contact_ids: list[UUID] = ids_column()
    opportunity_id: UUID | None = id_column()  # pipeline's
    ticket_id: UUID | None = id_column()  # tickets'
    follow_up_of_id: UUID | None = id_column()
    participants: list[Any] = json_column("[]")
    invited_ids: list[UUID] = (
        ids_column()
    )  # participating users besides the owner, none that declined
    series_starts_at: datetime | None = instant_column("series_starts_at", nullable=True)
    series_ends_at: datetime | None = instant_column("series_ends_at", nullable=True)
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    external_id: str | None = text_column()
    visit: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))  # see visits.py
    tags: list[str] = texts_column()
    custom: dict[str, Any] = json_column("{}")
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
    as_shown: str | None = text_column()  # the activity as the API shows it


ACTIVITY_SEARCH = add_search_table(Table.metadata.tables["activities"])

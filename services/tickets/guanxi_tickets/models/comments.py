"""What is said about tickets: replies that the customer reads, and notes that nobody outside ever sees.

Two tables of one shape, so that whatever reads replies cannot come upon a note. Owner and team are those
of the ticket.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    text,
)
from sqlmodel import Field

from guanxi_shared.columns import (
    id_column,
    ids_column,
    instant_column,
    one_of,
    text_column,
    version_column,
)
from guanxi_tickets.db import Table

AUTHOR_KINDS = ("agent", "requester")


class TicketComment(Table, table=True):
    """A public reply, of an agent or of the requester."""

    __tablename__ = "ticket_comments"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "written_on_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        CheckConstraint("(written_on_id IS NULL) = (joined_at IS NULL)", name="moved"),
        one_of("author_kind", AUTHOR_KINDS),
        one_of("visibility", ("public",)),
        Index(
            "ix_ticket_comments_organisation_id_ticket_id",
            "organisation_id",
            "ticket_id",
            "created_at",
            "id",
        ),
        Index("ix_ticket_comments_owned", "organisation_id", "owner_id", "id"),
        Index(
            "ix_ticket_comments_written_on",
            "organisation_id",
            "written_on_id",
            postgresql_where=text("written_on_id IS NOT NULL"),
        ),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    ticket_id: UUID = id_column(nullable=False)
    visibility: str = Field(sa_column=Column(Text, nullable=False, server_default="public"))
    # Where it was written, if a merge or a split moved it, and when it came to where it is.
    written_on_id: UUID | None = id_column()
    joined_at: datetime | None = instant_column("joined_at", nullable=True)
    body: str = text_column(nullable=False)
    author_kind: str = text_column(nullable=False)
    author_id: UUID | None = id_column()  # gateway's user, or contacts' contact
    mention_ids: list[UUID] = ids_column()  # gateway's users
    file_ids: list[UUID] = ids_column()  # sent with it
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class TicketNote(Table, table=True):
    """An internal note: always an agent's."""

    __tablename__ = "ticket_notes"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "written_on_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        CheckConstraint("(written_on_id IS NULL) = (joined_at IS NULL)", name="moved"),
        one_of("author_kind", ("agent",)),
        one_of("visibility", ("internal",)),
        Index(
            "ix_ticket_notes_organisation_id_ticket_id",
            "organisation_id",
            "ticket_id",
            "created_at",
            "id",
        ),
        Index("ix_ticket_notes_owned", "organisation_id", "owner_id", "id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    ticket_id: UUID = id_column(nullable=False)
    visibility: str = Field(sa_column=Column(Text, nullable=False, server_default="internal"))
    # Where it was written, if a merge or a split moved it, and when it came to where it is.
    written_on_id: UUID | None = id_column()
    joined_at: datetime | None = instant_column("joined_at", nullable=True)
    body: str = text_column(nullable=False)
    author_kind: str = text_column(nullable=False)
    author_id: UUID | None = id_column()  # gateway's user
    mention_ids: list[UUID] = ids_column()  # gateway's users
    file_ids: list[UUID] = ids_column()  # sent with it
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)

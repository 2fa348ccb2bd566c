"""Files on tickets: those that whoever sees the ticket sees, and those of internal notes. The bytes lie
elsewhere.

Two tables of one shape, as replies and notes have them, so that whatever reads files for others cannot come
upon an internal one. Owner and team are those of the ticket.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    text,
)
from sqlmodel import Field

from guanxi_shared.columns import id_column, instant_column, one_of, text_column, version_column
from guanxi_tickets.db import Table
from guanxi_tickets.models.comments import AUTHOR_KINDS

STORAGES = ("local", "s3")


def _arguments(table: str, said: str, visibility: str, authors: tuple[str, ...]) -> tuple[Any, ...]:
    """`said` is the table of what its files may be sent with."""
    return (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "written_on_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "comment_id"], [f"{said}.organisation_id", f"{said}.id"]
        ),
        CheckConstraint("(written_on_id IS NULL) = (joined_at IS NULL)", name="moved"),
        one_of("storage", STORAGES),
        one_of("author_kind", authors),
        one_of("visibility", (visibility,)),
        Index(f"uq_{table}_organisation_id_blob_id", "organisation_id", "blob_id", unique=True),
        Index(
            f"ix_{table}_organisation_id_ticket_id", "organisation_id", "ticket_id", "created_at", "id"
        ),
        Index(f"ix_{table}_owned", "organisation_id", "owner_id", "id"),
        *(
            Index(
                f"ix_{table}_organisation_id_{name}", "organisation_id", name, "id",
                postgresql_where=text(f"{name} IS NOT NULL"),
            )
            for name in ("comment_id", "deleted_at")
        ),
    )  # fmt: skip


class TicketFile(Table, table=True):
    """`blob_id` names its bytes: made here for each upload."""

    __tablename__ = "ticket_files"
    __table_args__ = _arguments("ticket_files", "ticket_comments", "public", AUTHOR_KINDS)

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    ticket_id: UUID = id_column(nullable=False)
    visibility: str = Field(sa_column=Column(Text, nullable=False, server_default="public"))
    # Where it was kept, if a merge or a split moved it, and when it came to where it is.
    written_on_id: UUID | None = id_column()
    joined_at: datetime | None = instant_column("joined_at", nullable=True)
    comment_id: UUID | None = id_column()  # the reply it was sent with
    name: str = text_column(nullable=False)  # as the sender calls it; never a path of ours
    content_type: str = text_column(nullable=False)  # what the bytes say
    declared_type: str | None = text_column()  # what the sender said
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    sha256: str = text_column(nullable=False)
    blob_id: UUID = id_column(nullable=False)
    storage: str = text_column(nullable=False)
    author_kind: str = text_column(nullable=False)
    author_id: UUID | None = id_column()  # gateway's user, or contacts' contact
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
    erased_at: datetime | None = instant_column("erased_at", nullable=True)


class TicketNoteFile(Table, table=True):
    """A file of an internal note, or for one: always an agent's."""

    __tablename__ = "ticket_note_files"
    __table_args__ = _arguments("ticket_note_files", "ticket_notes", "internal", ("agent",))

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    ticket_id: UUID = id_column(nullable=False)
    visibility: str = Field(sa_column=Column(Text, nullable=False, server_default="internal"))
    # Where it was kept, if a merge or a split moved it, and when it came to where it is.
    written_on_id: UUID | None = id_column()
    joined_at: datetime | None = instant_column("joined_at", nullable=True)
    comment_id: UUID | None = id_column()  # the note it was sent with
    name: str = text_column(nullable=False)
    content_type: str = text_column(nullable=False)
    declared_type: str | None = text_column()
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    sha256: str = text_column(nullable=False)
    blob_id: UUID = id_column(nullable=False)
    storage: str = text_column(nullable=False)
    author_kind: str = text_column(nullable=False)
    author_id: UUID | None = id_column()  # gateway's user
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
    erased_at: datetime | None = instant_column("erased_at", nullable=True)

"""Merges of tickets: which became one, and all that it takes to make them several again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from guanxi_shared.columns import (
    id_column,
    ids_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    version_column,
)
from guanxi_tickets.db import Table


class TicketMerge(Table, table=True):
    """Sources that went into a survivor, whose owner and team are those of the merge. The sources stay as they
    were, deleted, with `merged_into_id`; of the survivor the columns that changed are kept."""

    __tablename__ = "ticket_merges"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "survivor_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        one_of("status", ("done", "undone")),
        Index("ix_ticket_merges_organisation_id_survivor_id", "organisation_id", "survivor_id", "id"),
        Index("ix_ticket_merges_owned", "organisation_id", "owner_id", "id"),
        Index("ix_ticket_merges_sources", "organisation_id", "source_ids", postgresql_using="gin"),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    survivor_id: UUID = id_column(nullable=False)
    source_ids: list[UUID] = ids_column()
    before: dict[str, Any] = json_column("{}")
    after: dict[str, Any] = json_column("{}")
    moved: dict[str, Any] = json_column("{}")  # how many of each kind; of notes it is not said
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="done"))
    kept: list[Any] = json_column("[]")  # what a forced undo left as later changes made it
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_by: UUID | None = id_column()  # gateway's user
    undone_by: UUID | None = id_column()  # gateway's user
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    undone_at: datetime | None = instant_column("undone_at", nullable=True)
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)  # never


class TicketMergeMove(Table, table=True):
    """A field of a comment, or of a ticket that was linked with a source, as it was and as it became."""

    __tablename__ = "ticket_merge_moves"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "merge_id", "resource", "field", "record_id"),
        ForeignKeyConstraint(
            ["organisation_id", "merge_id"], ["ticket_merges.organisation_id", "ticket_merges.id"]
        ),
    )

    organisation_id: UUID = id_column(nullable=False)
    merge_id: UUID = id_column(nullable=False)
    resource: str = text_column(nullable=False)
    field: str = text_column(nullable=False)
    record_id: UUID = id_column(nullable=False)
    before: Any = Field(sa_column=Column(JSONB, nullable=False))
    after: Any = Field(sa_column=Column(JSONB, nullable=False))

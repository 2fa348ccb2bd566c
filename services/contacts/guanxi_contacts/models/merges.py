"""Merges: which records became one, and all that it takes to make them several again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    Uuid,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_shared.columns import (
    id_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    version_column,
)


class Merge(Table, table=True):
    """Sources that went into a survivor. The sources themselves stay as they were, deleted, with
    `merged_into_id`; of the survivor the columns that the merge changed are kept, as they were and
    as they became."""

    __tablename__ = "merges"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("resource", ("accounts", "contacts")),
        one_of("status", ("done", "undone")),
        Index("ix_merges_organisation_id_survivor_id", "organisation_id", "survivor_id", "id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    resource: str = text_column(nullable=False)
    survivor_id: UUID = id_column(nullable=False)
    source_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    fields: dict[str, Any] = json_column("{}")  # whose value was chosen
    before: dict[str, Any] = json_column("{}")
    after: dict[str, Any] = json_column("{}")
    moved: dict[str, Any] = json_column("{}")  # how many children of each kind
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="done"))
    kept: list[Any] = json_column("[]")  # what a forced undo left as later changes made it
    version: int = version_column()
    created_by: UUID | None = id_column()  # gateway's user
    undone_by: UUID | None = id_column()  # gateway's user
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    undone_at: datetime | None = instant_column("undone_at", nullable=True)


class MergeMove(Table, table=True):
    """One child that a merge moved: what pointed at a source, as it was and as it became."""

    __tablename__ = "merge_moves"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "merge_id", "child", "record_id"),
        ForeignKeyConstraint(
            ["organisation_id", "merge_id"],
            ["merges.organisation_id", "merges.id"],
            ondelete="CASCADE",
        ),
    )

    organisation_id: UUID = id_column(nullable=False)
    merge_id: UUID = id_column(nullable=False)
    child: str = text_column(nullable=False)  # see merges/children.py
    record_id: UUID = id_column(nullable=False)
    before: Any = Field(sa_column=Column(JSONB, nullable=False))
    after: Any = Field(sa_column=Column(JSONB, nullable=False))

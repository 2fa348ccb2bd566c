"""Macros: what an agent does again and again, by a name."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, PrimaryKeyConstraint, Text
from sqlmodel import Field

from guanxi_shared.columns import (
    id_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    version_column,
)
from guanxi_shared.sharing import SHARED_WITH
from guanxi_tickets.db import Table


class Macro(Table, table=True):
    """`team_id` is whose it is by the one rule of visibility, as of views (see guanxi_shared/sharing.py)."""

    __tablename__ = "macros"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("shared_with", SHARED_WITH),
        CheckConstraint("(shared_with = 'team') = (shared_team_id IS NOT NULL)", name="sharing"),
        Index("ix_macros_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
        Index("ix_macros_organisation_id_team_id", "organisation_id", "team_id", "id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    description: str | None = text_column()
    actions: dict[str, Any] = json_column("{}")  # texts with placeholders, fields to set
    shared_with: str = Field(sa_column=Column(Text, nullable=False, server_default="nobody"))
    shared_team_id: UUID | None = id_column()
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)

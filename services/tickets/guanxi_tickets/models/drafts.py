"""What agents have begun to write and not sent: nobody's but theirs, in no log and no feed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint, Text
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


class TicketDraft(Table, table=True):
    """One an agent and ticket."""

    __tablename__ = "ticket_drafts"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "ticket_id", "author_id"),
        ForeignKeyConstraint(
            ["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        one_of("visibility", ("public", "internal")),
    )

    organisation_id: UUID = id_column(nullable=False)
    ticket_id: UUID = id_column(nullable=False)
    author_id: UUID = id_column(nullable=False)  # gateway's user
    visibility: str = Field(sa_column=Column(Text, nullable=False, server_default="public"))
    body: str = text_column(nullable=False)
    mention_ids: list[UUID] = ids_column()  # gateway's users
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")

"""How an organisation works its tickets."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, PrimaryKeyConstraint, Uuid
from sqlmodel import Field

from guanxi_shared.columns import instant_column, json_column
from guanxi_tickets.db import Table


class TicketSettings(Table, table=True):
    """One row for an organisation, whose id it bears."""

    __tablename__ = "ticket_settings"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        CheckConstraint("id = organisation_id", name="only_one"),
    )

    organisation_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    states: list[Any] = json_column("[]")  # {key, name, kind, moves_to}, in their order
    priorities: dict[str, Any] = json_column("{}")  # impact → urgency → priority
    version: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="1"))
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)

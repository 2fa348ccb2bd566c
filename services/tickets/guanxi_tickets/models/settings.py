"""How an organisation works its tickets."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, PrimaryKeyConstraint, Text
from sqlmodel import Field

from guanxi_shared.columns import id_column, instant_column, json_column, one_of, version_column
from guanxi_tickets.db import Table

WITHOUT_ENTITLEMENT = ("allow", "mark", "refuse")
LOOP_NEEDS = ("no", "warn", "yes")


class TicketSettings(Table, table=True):
    """One row for an organisation, whose id it bears."""

    __tablename__ = "ticket_settings"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        CheckConstraint("id = organisation_id", name="only_one"),
        one_of("complaints_need_loop", LOOP_NEEDS),
        one_of("without_entitlement", WITHOUT_ENTITLEMENT),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    states: list[Any] = json_column("[]")  # {key, name, kind, moves_to}, in their order
    priorities: dict[str, Any] = json_column("{}")  # impact → urgency → priority
    complaints_need_loop: str = Field(
        sa_column=Column(Text, nullable=False, server_default="no")
    )  # before they are solved
    without_entitlement: str = Field(
        sa_column=Column(Text, nullable=False, server_default="allow")
    )  # what becomes of a ticket that no contract covers
    sends_mail: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="true"))
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)

"""Links by which customers follow their tickets."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from guanxi_shared.columns import id_column, instant_column, one_of, text_column
from guanxi_tickets.db import Table

REACHES = ("ticket", "requester")


class PortalLink(Table, table=True):
    """What a signed link opens: one ticket, or those of whoever asked for it. `requester_id` is as it was when
    the link was made; whom it went into is found by `known_contacts`, so that undone merges are followed, too."""

    __tablename__ = "portal_links"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        one_of("reach", REACHES),
        Index("ix_portal_links_organisation_id_ticket_id", "organisation_id", "ticket_id", "id"),
        Index(
            "ix_portal_links_organisation_id_requester_id", "organisation_id", "requester_id",
            postgresql_where=text("requester_id IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    reach: str = text_column(nullable=False)
    ticket_id: UUID = id_column(nullable=False)  # it was made for
    requester_id: UUID | None = id_column()  # contacts' contact
    email: str | None = text_column()  # as it was typed, of a requester who is no contact
    rights: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSONB)
    )  # of the user who made it
    created_by: UUID | None = id_column()  # gateway's user; None: a form
    created_at: datetime = instant_column("created_at")
    expires_at: datetime = instant_column("expires_at")
    revoked_at: datetime | None = instant_column("revoked_at", nullable=True)

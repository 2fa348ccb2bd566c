"""What goes out by mail."""

from datetime import datetime
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

from guanxi_shared.columns import id_column, instant_column, one_of, text_column
from guanxi_tickets.db import Table

KINDS = ("survey", "portal", "receipt")
STATUSES = ("waiting", "sent", "dropped", "failed")
REASONS = ("mail_off", "no_address", "over", "too_many", "refused", "gave_up")


class TicketLetter(Table, table=True):
    """A letter that is to go out, or went: written with the decision to send it, delivered by a worker. Neither
    address nor link are kept: whose the address is, and what the link opens, is looked up when it goes."""

    __tablename__ = "ticket_letters"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "invitation_id"],
            ["survey_invitations.organisation_id", "survey_invitations.id"],
        ),
        ForeignKeyConstraint(
            ["organisation_id", "link_id"],
            ["portal_links.organisation_id", "portal_links.id"], ondelete="CASCADE",
        ),
        one_of("kind", KINDS),
        one_of("status", STATUSES),
        one_of("reason", REASONS),
        CheckConstraint("(invitation_id IS NULL) <> (link_id IS NULL)", name="about"),
        CheckConstraint("(status IN ('dropped', 'failed')) = (reason IS NOT NULL)", name="reasoned"),
        # One letter for one invitation, and for one link.
        Index(
            "uq_ticket_letters_invitation_id", "organisation_id", "invitation_id", unique=True,
            postgresql_where=text("invitation_id IS NOT NULL"),
        ),
        Index(
            "uq_ticket_letters_link_id", "organisation_id", "link_id", unique=True,
            postgresql_where=text("link_id IS NOT NULL"),
        ),
        Index(
            "ix_ticket_letters_ticket_id", "organisation_id", "ticket_id", "id",
            postgresql_where=text("ticket_id IS NOT NULL"),
        ),
        # How many receipts went out lately.
        Index(
            "ix_ticket_letters_receipts", "organisation_id", "sent_at",
            postgresql_where=text("kind = 'receipt' AND status = 'sent'"),
        ),
        # What goes out next, of all organisations.
        Index("ix_ticket_letters_due", "due_at", postgresql_where=text("status = 'waiting'")),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    kind: str = text_column(nullable=False)
    ticket_id: UUID | None = id_column()
    invitation_id: UUID | None = id_column()
    link_id: UUID | None = id_column()
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="waiting"))
    reason: str | None = text_column()
    attempts: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    due_at: datetime = instant_column("due_at")
    created_at: datetime = instant_column("created_at")
    ended_at: datetime | None = instant_column("ended_at", nullable=True)
    sent_at: datetime | None = instant_column("sent_at", nullable=True)

"""When an agent said that something will be done."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, text

from guanxi_shared.columns import id_column, instant_column, one_of, text_column, version_column
from guanxi_tickets.db import Table

OUTCOMES = ("kept", "withdrawn")


class TicketPromise(Table, table=True):
    """`outcome` is what was said of it by hand; a reply, another promise or the ticket's end end its clock
    without."""

    __tablename__ = "ticket_promises"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        one_of("outcome", OUTCOMES),
        Index("ix_ticket_promises_ticket", "organisation_id", "ticket_id", "created_at", "id"),
        *(
            Index(
                f"ix_ticket_promises_organisation_id_{name}",
                "organisation_id",
                name,
                postgresql_where=text(f"{name} IS NOT NULL"),
            )
            for name in ("account_id", "requester_id")
        ),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    ticket_id: UUID = id_column(nullable=False)
    account_id: UUID | None = id_column()  # of whose ticket it was then: timelines show it
    requester_id: UUID | None = id_column()
    body: str = text_column(nullable=False)
    due_at: datetime = instant_column("due_at")
    author_id: UUID | None = id_column()  # gateway's user
    outcome: str | None = text_column()
    ended_at: datetime | None = instant_column("ended_at", nullable=True)
    reason: str | None = text_column()
    owner_id: UUID | None = id_column()  # the ticket's, and so is the team
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)

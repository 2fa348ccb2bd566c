"""Forms by which anybody makes a ticket, and what is counted of them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    PrimaryKeyConstraint,
)  # fmt: skip
from sqlmodel import Field

from guanxi_shared.columns import (
    id_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    texts_column,
    version_column,
)
from guanxi_tickets.db import Table
from guanxi_tickets.models.tickets import CHANNELS, KINDS, LEVELS


class TicketForm(Table, table=True):
    """A form on some website. Its key is in that page's source: it is no secret, only unguessable."""

    __tablename__ = "ticket_forms"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        Index("uq_ticket_forms_key", "organisation_id", "key", unique=True),
        one_of("kind", KINDS),
        one_of("impact", LEVELS),
        one_of("urgency", LEVELS),
        one_of("channel", CHANNELS),
        CheckConstraint("hourly_limit > 0", name="hourly_limit"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    key: str = text_column(nullable=False)
    is_active: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="true"))
    fields: list[Any] = json_column("[]")  # {name, label, is_required}
    honeypot: str = text_column(nullable=False)  # a field that people do not see
    kind: str = text_column(nullable=False)
    impact: str = text_column(nullable=False)
    urgency: str = text_column(nullable=False)
    channel: str = text_column(nullable=False)
    team_id: UUID | None = id_column()  # gateway's team, with which its tickets wait
    tags: list[str] = texts_column()
    takes_files: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="false"))
    sends_receipt: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="false"))
    consent_text: str | None = text_column()
    is_consent_required: bool = Field(
        sa_column=Column(Boolean, nullable=False, server_default="false")
    )
    thanks_text: str | None = text_column()
    redirect_url: str | None = text_column()
    hourly_limit: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="20"))
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class TicketFormCount(Table, table=True):
    """What came in by a form on one day (UTC)."""

    __tablename__ = "ticket_form_counts"
    __table_args__ = (PrimaryKeyConstraint("organisation_id", "form_id", "day"),)

    organisation_id: UUID = id_column(nullable=False)
    form_id: UUID = id_column(nullable=False)
    day: date = Field(sa_column=Column(Date, nullable=False))
    taken: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    trapped: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    limited: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))


class TicketFormHit(Table, table=True):
    """From where a form was filled in lately, or something was done by a portal link (`form_id` is the
    link's). Unlogged: a crash may forget it, nothing else needs it."""

    __tablename__ = "ticket_form_hits"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "form_id", "address"),
        {"prefixes": ["UNLOGGED"]},
    )

    organisation_id: UUID = id_column(nullable=False)
    form_id: UUID = id_column(nullable=False)
    address: str = text_column(nullable=False)
    used_up_to: datetime = instant_column("used_up_to")  # theoretical arrival time of the next hit

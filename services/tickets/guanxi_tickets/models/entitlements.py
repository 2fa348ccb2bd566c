"""What accounts may claim by their contracts, and what of it was used."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Text,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_shared.columns import (
    id_column,
    instant_column,
    one_of,
    text_column,
    texts_column,
    version_column,
)
from guanxi_tickets.db import Table

UNITS = ("incidents", "hours", "visits")
AMOUNT = Numeric(12, 2)


class Entitlement(Table, table=True):
    """So much of one unit for an account, in a term; `used` is what its bookings come to."""

    __tablename__ = "entitlements"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "calendar_id"],
            ["business_calendars.organisation_id", "business_calendars.id"],
        ),
        ForeignKeyConstraint(
            ["organisation_id", "sla_policy_id"], ["sla_policies.organisation_id", "sla_policies.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "renewed_from_id"],
            ["entitlements.organisation_id", "entitlements.id"],
        ),
        one_of("unit", UNITS),
        CheckConstraint("granted >= 0 AND used >= 0 AND used <= granted", name="used"),
        CheckConstraint("valid_until >= valid_from", name="term"),
        Index("ix_entitlements_account_id", "organisation_id", "account_id", "ends_at", "id"),
        Index("ix_entitlements_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
        Index(
            "ix_entitlements_organisation_id_team_id", "organisation_id", "team_id", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        Index(
            "ix_entitlements_unverified", "organisation_id", "id",
            postgresql_where=text("NOT is_account_verified AND deleted_at IS NULL"),
        ),
        Index(
            "uq_entitlements_renewed_from_id", "organisation_id", "renewed_from_id", unique=True,
            postgresql_where=text("renewed_from_id IS NOT NULL AND deleted_at IS NULL"),
        ),
        # Of which its end is to be told next, of all organisations.
        Index("ix_entitlements_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    account_id: UUID = id_column(nullable=False)  # contacts' account
    is_account_verified: bool = Field(
        sa_column=Column(Boolean, nullable=False, server_default="true")
    )
    covers_children: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="false"))
    product_id: UUID | None = id_column()  # pipeline's product; none: all
    kinds: list[str] = texts_column()  # of tickets; none: all
    unit: str = text_column(nullable=False)
    granted: Decimal | None = Field(default=None, sa_column=Column(AMOUNT))  # none: without end
    used: Decimal = Field(sa_column=Column(AMOUNT, nullable=False, server_default="0"))
    remaining: Decimal | None = Field(default=None, sa_column=Column(AMOUNT))
    valid_from: date = Field(sa_column=Column(Date, nullable=False))
    valid_until: date = Field(sa_column=Column(Date, nullable=False))
    time_zone: str = text_column(nullable=False)
    starts_at: datetime = instant_column("starts_at")
    ends_at: datetime = instant_column("ends_at")
    calendar_id: UUID | None = id_column()  # it is claimed in these hours alone
    sla_policy_id: UUID | None = id_column()  # instead of the one that filters choose
    is_active: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="true"))
    remind_days: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="30"))
    reminded_at: datetime | None = instant_column("reminded_at", nullable=True)
    next_at: datetime | None = instant_column("next_at", nullable=True)
    renewed_from_id: UUID | None = id_column()
    external_id: str | None = text_column()
    note: str | None = text_column()
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class EntitlementBooking(Table, table=True):
    """A line of the ledger; none is changed or taken away, a wrong one has a contra entry."""

    __tablename__ = "entitlement_bookings"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "entitlement_id"],
            ["entitlements.organisation_id", "entitlements.id"],
        ),
        ForeignKeyConstraint(
            ["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        CheckConstraint("amount <> 0", name="amount"),
        Index(
            "ix_entitlement_bookings_of", "organisation_id", "entitlement_id", "created_at", "id"
        ),
        Index(
            "ix_entitlement_bookings_ticket_id", "organisation_id", "ticket_id",
            postgresql_where=text("ticket_id IS NOT NULL"),
        ),
        Index(
            "uq_entitlement_bookings_reverses_id", "organisation_id", "reverses_id", unique=True,
            postgresql_where=text("reverses_id IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    entitlement_id: UUID = id_column(nullable=False)
    ticket_id: UUID | None = id_column()
    amount: Decimal = Field(sa_column=Column(AMOUNT, nullable=False))  # below nothing: given back
    why: str = Field(sa_column=Column(Text, nullable=False))
    note: str | None = text_column()
    booked_by: UUID | None = id_column()  # gateway's user
    reverses_id: UUID | None = id_column()
    created_at: datetime = instant_column("created_at")

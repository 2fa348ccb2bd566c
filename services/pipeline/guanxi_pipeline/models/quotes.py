"""Quotes: each version of an offer is a row; who must approve which; the numbers that were given."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
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
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from guanxi_pipeline.db import Table
from guanxi_shared.columns import (
    id_column,
    ids_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    texts_column,
    version_column,
)
from guanxi_shared.schema import add_search_table

QUOTE_STATUSES = (
    "draft", "pending_approval", "approved", "sent", "accepted", "rejected", "expired",
    "superseded", "withdrawn",
)  # fmt: skip
PRICE_MODES = ("net", "gross")
APPROVER_KINDS = ("manager", "user")


def json_or_null() -> Any:
    return Field(default=None, sa_column=Column(JSONB))


class Quote(Table, table=True):
    """One version of an offer. What is only read with it (lines, totals, approvals) is JSON."""

    __tablename__ = "quotes"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "opportunity_id"],
            ["opportunities.organisation_id", "opportunities.id"],
        ),
        one_of("status", QUOTE_STATUSES),
        one_of("price_mode", PRICE_MODES),
        CheckConstraint("revision > 0", name="revision"),
        Index("uq_quotes_organisation_id_number", "organisation_id", "number", "revision", unique=True),
        Index("ix_quotes_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index(
            "ix_quotes_organisation_id_owner_id", "organisation_id", "owner_id", "updated_at", "id",
            postgresql_include=["deleted_at", "status"],
        ),
        Index("ix_quotes_owned", "organisation_id", "owner_id", "id"),
        Index(
            "ix_quotes_organisation_id_team_id", "organisation_id", "team_id", "updated_at", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        Index("ix_quotes_organisation_id_opportunity_id", "organisation_id", "opportunity_id", "id"),
        Index("ix_quotes_organisation_id_account_id", "organisation_id", "account_id", "id"),
        Index("ix_quotes_organisation_id_contact_id", "organisation_id", "contact_id", "id"),
        Index("ix_quotes_products", "organisation_id", "product_ids", postgresql_using="gin"),
        # What may run out.
        Index(
            "ix_quotes_sent", "organisation_id", "valid_until",
            postgresql_where=text("status = 'sent' AND deleted_at IS NULL"),
        ),
        # What waits for somebody, the longest first.
        Index(
            "ix_quotes_pending", "organisation_id", "submitted_at",
            postgresql_where=text("status = 'pending_approval' AND deleted_at IS NULL"),
        ),
        Index(
            "ix_quotes_unverified", "organisation_id", "id",
            postgresql_where=text("NOT is_account_verified AND deleted_at IS NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    number: str = text_column(nullable=False)  # one for all versions
    revision: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="1"))
    first_id: UUID = id_column(nullable=False)  # of the first version
    superseded_by_id: UUID | None = id_column()  # the version after it
    name: str = text_column(nullable=False)
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="draft"))
    opportunity_id: UUID | None = id_column()
    account_id: UUID | None = id_column()  # contacts' account
    is_account_verified: bool = Field(
        sa_column=Column(Boolean, nullable=False, server_default="true")
    )
    contact_id: UUID | None = id_column()  # contacts' contact
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    currency: str = text_column(nullable=False)
    price_mode: str = Field(sa_column=Column(Text, nullable=False, server_default="net"))
    lines: list[Any] = json_column("[]")
    product_ids: list[UUID] = ids_column()  # those of `lines`
    discount: Any = json_or_null()  # {percent} or {amount}
    totals: dict[str, Any] = json_column("{}")
    net_amount: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    net_currency: str | None = text_column()
    total_amount: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    total_currency: str | None = text_column()
    discount_percent: Decimal = Field(
        sa_column=Column(Numeric(7, 4), nullable=False, server_default="0")
    )  # the largest of a line, all discounts together
    valid_until: date | None = Field(default=None, sa_column=Column(Date))
    language: str | None = text_column()
    terms: str | None = text_column()  # printed
    description: str | None = text_column()  # never shown to the customer
    update_opportunity: bool = Field(
        sa_column=Column(Boolean, nullable=False, server_default="false")
    )
    approvals: list[Any] = json_column("[]")  # steps in their order
    submitted_by_id: UUID | None = id_column()  # gateway's user
    submitted_at: datetime | None = instant_column("submitted_at", nullable=True)
    sent_at: datetime | None = instant_column("sent_at", nullable=True)
    decided_at: datetime | None = instant_column("decided_at", nullable=True)
    decision: Any = json_or_null()  # who accepted or rejected it, how
    order_id: UUID | None = id_column()  # the order that came of it
    external_id: str | None = text_column()
    tags: list[str] = texts_column()
    custom: dict[str, Any] = json_column("{}")
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
    as_shown: str | None = text_column()  # the quote as the API shows it


QUOTE_SEARCH = add_search_table(Table.metadata.tables["quotes"])


class ApprovalRule(Table, table=True):
    """A quote that is worth that much, or gives away that much, waits for somebody."""

    __tablename__ = "approval_rules"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("approver", APPROVER_KINDS),
        CheckConstraint("(approver = 'user') = (approver_id IS NOT NULL)", name="approver_id"),
        CheckConstraint(
            "discount_from IS NOT NULL OR total_from_amount IS NOT NULL", name="condition"
        ),
        CheckConstraint(
            "(total_from_amount IS NULL) = (total_from_currency IS NULL)", name="total_from"
        ),
        Index("ix_approval_rules_step", "organisation_id", "step", "id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    step: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="1"))
    discount_from: Decimal | None = Field(default=None, sa_column=Column(Numeric(7, 4)))
    total_from_amount: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    total_from_currency: str | None = text_column()
    approver: str = Field(sa_column=Column(Text, nullable=False, server_default="manager"))
    approver_id: UUID | None = id_column()  # gateway's user
    is_active: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="true"))
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class QuoteNumber(Table, table=True):
    """The last number that was given: its row is locked until the quote is there, or is not."""

    __tablename__ = "quote_numbers"
    __table_args__ = (PrimaryKeyConstraint("organisation_id"),)

    organisation_id: UUID = id_column(nullable=False)
    last: int = Field(sa_column=Column(BigInteger, nullable=False))

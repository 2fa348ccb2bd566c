"""What is owed and what came in: invoices, the payments on each, and the last number given."""

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
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_pipeline.db import Table
from guanxi_pipeline.models.orders import number_column
from guanxi_shared.columns import id_column, instant_column, one_of, text_column, version_column

INVOICE_STATUSES = ("open", "paid", "void")
PAYMENT_METHODS = ("bank_transfer", "card", "cash", "cheque", "wallet", "other")


class Invoice(Table, table=True):
    """What an account owes, in one currency. `paid` is the sum of its payments that are there."""

    __tablename__ = "invoices"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        # Deleted ones too: a number is given once.
        UniqueConstraint("organisation_id", "number"),
        ForeignKeyConstraint(
            ["organisation_id", "order_id"], ["orders.organisation_id", "orders.id"]
        ),
        one_of("status", INVOICE_STATUSES),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("paid BETWEEN 0 AND amount", name="paid"),
        CheckConstraint(
            "outstanding = CASE status WHEN 'void' THEN 0 ELSE amount - paid END", name="outstanding"
        ),
        CheckConstraint(
            "CASE status WHEN 'open' THEN paid < amount WHEN 'paid' THEN paid = amount ELSE paid = 0 END",
            name="settled",
        ),
        CheckConstraint("(paid_on IS NOT NULL) = (status = 'paid')", name="paid_on"),
        CheckConstraint("due_on >= issued_on", name="due_on"),
        Index("ix_invoices_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index("ix_invoices_owned", "organisation_id", "owner_id", "id"),
        Index(
            "ix_invoices_organisation_id_team_id", "organisation_id", "team_id", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        Index("ix_invoices_organisation_id_account_id", "organisation_id", "account_id", "id"),
        Index(
            "ix_invoices_organisation_id_contact_id", "organisation_id", "contact_id", "id",
            postgresql_where=text("contact_id IS NOT NULL"),
        ),
        Index(
            "ix_invoices_organisation_id_order_id", "organisation_id", "order_id",
            postgresql_where=text("order_id IS NOT NULL"),
        ),
        Index(
            "ix_invoices_organisation_id_external_id", "organisation_id", "external_id",
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index(
            "ix_invoices_due", "organisation_id", "due_on", "id",
            postgresql_where=text("status = 'open' AND deleted_at IS NULL"),
        ),
        Index(
            "ix_invoices_unverified", "organisation_id", "id",
            postgresql_where=text("NOT is_account_verified AND deleted_at IS NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    number: str = text_column(nullable=False)
    account_id: UUID = id_column(nullable=False)  # contacts' account
    is_account_verified: bool = Field(
        sa_column=Column(Boolean, nullable=False, server_default="true")
    )
    contact_id: UUID | None = id_column()  # contacts' contact
    order_id: UUID | None = id_column()
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="open"))
    issued_on: date = Field(sa_column=Column(Date, nullable=False))
    due_on: date = Field(sa_column=Column(Date, nullable=False))
    currency: str = text_column(nullable=False)
    amount: Decimal = number_column()
    paid: Decimal = number_column(default="0")
    outstanding: Decimal = number_column()
    paid_on: date | None = Field(default=None, sa_column=Column(Date))  # of the last payment
    void_reason: str | None = text_column()
    reference: str | None = text_column()  # the customer's own number for it
    notes: str | None = text_column()
    external_id: str | None = text_column()
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class Payment(Table, table=True):
    """Money that came in for one invoice, in its currency. Account, owner and team are the invoice's."""

    __tablename__ = "payments"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "invoice_id"], ["invoices.organisation_id", "invoices.id"]
        ),
        one_of("method", PAYMENT_METHODS),
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_payments_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index("ix_payments_owned", "organisation_id", "owner_id", "id"),
        Index(
            "ix_payments_organisation_id_team_id", "organisation_id", "team_id", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        Index("ix_payments_organisation_id_invoice_id", "organisation_id", "invoice_id", "id"),
        Index("ix_payments_organisation_id_account_id", "organisation_id", "account_id", "id"),
        Index("ix_payments_organisation_id_received_on", "organisation_id", "received_on", "id"),
        Index(
            "ix_payments_organisation_id_external_id", "organisation_id", "external_id",
            postgresql_where=text("external_id IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    invoice_id: UUID = id_column(nullable=False)
    account_id: UUID = id_column(nullable=False)  # contacts' account
    received_on: date = Field(sa_column=Column(Date, nullable=False))
    currency: str = text_column(nullable=False)
    amount: Decimal = number_column()
    method: str = Field(sa_column=Column(Text, nullable=False, server_default="bank_transfer"))
    reference: str | None = text_column()  # what the bank says
    notes: str | None = text_column()
    external_id: str | None = text_column()
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class InvoiceNumber(Table, table=True):
    """The last number an organisation's invoices were given: a row that is locked while one is."""

    __tablename__ = "invoice_numbers"
    __table_args__ = (PrimaryKeyConstraint("organisation_id"),)

    organisation_id: UUID = id_column(nullable=False)
    last: int = Field(sa_column=Column(BigInteger, nullable=False))

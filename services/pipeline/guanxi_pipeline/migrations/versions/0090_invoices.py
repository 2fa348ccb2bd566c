"""Invoices, and the payments on them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import secure

revision = "0090"
down_revision = "0081"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_invoices()
    _create_payments()
    op.create_table(
        "invoice_numbers",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_invoice_numbers")),
    )
    secure("invoice_numbers")


def _create_invoices() -> None:
    op.create_table(
        "invoices",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("is_account_verified", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("paid", sa.Numeric(), server_default="0", nullable=False),
        sa.Column("outstanding", sa.Numeric(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        *_of_every_record(),
        sa.CheckConstraint("status IN ('open', 'paid', 'void')", name=op.f("ck_invoices_status")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_invoices_amount")),
        sa.CheckConstraint("paid BETWEEN 0 AND amount", name=op.f("ck_invoices_paid")),
        sa.CheckConstraint(
            "outstanding = CASE status WHEN 'void' THEN 0 ELSE amount - paid END",
            name=op.f("ck_invoices_outstanding"),
        ),
        sa.CheckConstraint(
            "CASE status WHEN 'open' THEN paid < amount WHEN 'paid' THEN paid = amount ELSE paid = 0 END",
            name=op.f("ck_invoices_settled"),
        ),
        sa.CheckConstraint(
            "(paid_on IS NOT NULL) = (status = 'paid')", name=op.f("ck_invoices_paid_on")
        ),
        sa.CheckConstraint("due_on >= issued_on", name=op.f("ck_invoices_due_on")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "order_id"],
            ["orders.organisation_id", "orders.id"],
            name=op.f("fk_invoices_organisation_id_order_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_invoices")),
        sa.UniqueConstraint(
            "organisation_id", "number", name=op.f("uq_invoices_organisation_id_number")
        ),
    )
    _index("invoices", "updated_at", "id")
    _index("invoices", "owner_id", "id", name="ix_invoices_owned")
    _index("invoices", "team_id", "id", where="team_id IS NOT NULL")
    _index("invoices", "account_id", "id")
    _index("invoices", "contact_id", "id", where="contact_id IS NOT NULL")
    _index("invoices", "order_id", where="order_id IS NOT NULL")
    _index("invoices", "external_id", where="external_id IS NOT NULL")
    _index(
        "invoices", "due_on", "id", name="ix_invoices_due",
        where="status = 'open' AND deleted_at IS NULL",
    )  # fmt: skip
    _index(
        "invoices", "id", name="ix_invoices_unverified",
        where="NOT is_account_verified AND deleted_at IS NULL",
    )  # fmt: skip
    secure("invoices")


def _create_payments() -> None:
    op.create_table(
        "payments",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("method", sa.Text(), server_default="bank_transfer", nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        *_of_every_record(),
        sa.CheckConstraint(
            "method IN ('bank_transfer', 'card', 'cash', 'cheque', 'wallet', 'other')",
            name=op.f("ck_payments_method"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "invoice_id"],
            ["invoices.organisation_id", "invoices.id"],
            name=op.f("fk_payments_organisation_id_invoice_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_payments")),
    )
    _index("payments", "updated_at", "id")
    _index("payments", "owner_id", "id", name="ix_payments_owned")
    _index("payments", "team_id", "id", where="team_id IS NOT NULL")
    _index("payments", "invoice_id", "id")
    _index("payments", "account_id", "id")
    _index("payments", "received_on", "id")
    _index("payments", "external_id", where="external_id IS NOT NULL")
    secure("payments")


def _of_every_record() -> list[sa.Column[Any]]:
    return [
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        _instant("created_at"),
        _instant("updated_at"),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
    ]


def _instant(name: str) -> sa.Column[Any]:
    now = sa.text("clock_timestamp()")
    return sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=False)


def _index(table: str, *columns: str, name: str | None = None, where: str | None = None) -> None:
    op.create_index(
        name or f"ix_{table}_organisation_id_{columns[0]}",
        table,
        ["organisation_id", *columns],
        unique=False,
        postgresql_where=None if where is None else sa.text(where),
    )


def downgrade() -> None:
    for table in ("invoice_numbers", "payments", "invoices"):
        op.drop_table(table)

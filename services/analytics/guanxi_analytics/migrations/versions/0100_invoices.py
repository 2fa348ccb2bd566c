"""Invoices as facts, and what accounts may owe. The feeds are heard from their beginning by a rebuild."""

import sqlalchemy as sa
from alembic import op

from guanxi_analytics.migrations.fact_tables import create_fact_table
from guanxi_shared.migrations import secure

revision = "0100"
down_revision = "0090"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_fact_table(
        "invoice_facts",
        ("issued_on", "due_on", "account_id", "owner_id", "team_id"),
        sa.Column("invoice_number", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Numeric(), nullable=False)
            for name in ("amount", "paid", "outstanding")
        ),
        *(
            sa.Column(name, sa.Uuid(), nullable=True)
            for name in ("account_id", "contact_id", "order_id", "owner_id", "team_id")
        ),
        sa.CheckConstraint(
            "status IN ('open', 'paid', 'void')", name=op.f("ck_invoice_facts_status")
        ),
    )
    secure("invoice_facts")
    op.add_column("account_facts", sa.Column("credit_limit", sa.Numeric(), nullable=True))
    op.add_column("account_facts", sa.Column("credit_limit_currency", sa.Text(), nullable=True))


def downgrade() -> None:
    for name in ("credit_limit_currency", "credit_limit"):
        op.drop_column("account_facts", name)
    op.drop_table("invoice_facts")

"""How much an account may owe."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import execute_script

revision = "0120"
down_revision = "0110"
branch_labels = None
depends_on = None

# What records show has a new part; whoever reads a record reads it whole.
SHOWN = """
ALTER TABLE accounts NO FORCE ROW LEVEL SECURITY;
UPDATE accounts SET as_shown = (as_shown::jsonb {})::text;
ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
"""
ADDED = SHOWN.format("|| '{\"credit_limit\": null}'")
TAKEN = SHOWN.format("- 'credit_limit'")


def upgrade() -> None:
    op.add_column("accounts", sa.Column("credit_limit_amount", sa.Numeric(), nullable=True))
    op.add_column("accounts", sa.Column("credit_limit_currency", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_accounts_credit_limit"), "accounts",
        "(credit_limit_amount IS NULL) = (credit_limit_currency IS NULL) AND credit_limit_amount >= 0",
    )  # fmt: skip
    execute_script(ADDED)


def downgrade() -> None:
    execute_script(TAKEN)
    op.drop_constraint(op.f("ck_accounts_credit_limit"), "accounts")
    op.drop_column("accounts", "credit_limit_currency")
    op.drop_column("accounts", "credit_limit_amount")

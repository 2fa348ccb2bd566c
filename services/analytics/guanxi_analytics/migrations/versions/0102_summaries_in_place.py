"""Customers' sums are updated in their place, without an index on what each purchase changes; that they changed is counted."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import execute_script, secure

revision = "0102"
down_revision = "0101"
branch_labels = None
depends_on = None

COLUMNS = ("last_on", "updated_at")
# The owner of the tables is held by the policies, too, and an organisation is none it could name: they rest meanwhile.
COUNTED = """
ALTER TABLE customer_summaries NO FORCE ROW LEVEL SECURITY;
INSERT INTO customer_scorings (organisation_id) SELECT DISTINCT organisation_id FROM customer_summaries;
ALTER TABLE customer_summaries FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    for column in COLUMNS:
        op.drop_index(f"ix_customer_summaries_{column}", table_name="customer_summaries")
    op.create_table(
        "customer_scorings",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("changes", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("scored", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_customer_scorings")),
    )
    execute_script(COUNTED)
    secure("customer_scorings")


def downgrade() -> None:
    op.drop_table("customer_scorings")
    for column in COLUMNS:
        op.create_index(
            f"ix_customer_summaries_{column}", "customer_summaries", ["organisation_id", column]
        )

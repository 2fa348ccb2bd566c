"""Distributors' stock and products as facts. The feed is heard from its beginning by a rebuild."""

import sqlalchemy as sa
from alembic import op

from guanxi_analytics.migrations.fact_tables import create_fact_table
from guanxi_shared.migrations import secure

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

FOUND_BY = {
    "stock_facts": ("month", "account_id", "owner_id", "team_id"),
    "product_facts": ("sku",),
}


def upgrade() -> None:
    create_fact_table(
        "stock_facts",
        FOUND_BY["stock_facts"],
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("month", sa.Date(), nullable=False),
        *(
            sa.Column(name, sa.Numeric(), nullable=False)
            for name in ("opening", "bought", "sold", "adjusted", "closing")
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
    )
    create_fact_table(
        "product_facts",
        FOUND_BY["product_facts"],
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
    )
    secure(*FOUND_BY)


def downgrade() -> None:
    for table in FOUND_BY:
        op.drop_table(table)

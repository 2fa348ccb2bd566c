"""Territories and their accounts as facts. The feed is heard from its beginning by a rebuild."""

import sqlalchemy as sa
from alembic import op

from guanxi_analytics.migrations.fact_tables import create_fact_table
from guanxi_shared.migrations import secure

revision = "0110"
down_revision = "0102"
branch_labels = None
depends_on = None

TABLES = ("territory_facts", "territory_account_facts")


def upgrade() -> None:
    create_fact_table(
        "territory_facts",
        (),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
    )
    create_fact_table(
        "territory_account_facts",
        (),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
    )
    op.create_index(
        "ix_territory_account_facts_account",
        "territory_account_facts",
        ["organisation_id", "account_id"],
    )
    secure(*TABLES)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)

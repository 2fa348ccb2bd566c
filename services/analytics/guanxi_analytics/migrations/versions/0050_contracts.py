"""Terms of service contracts. The feed is heard from its beginning by a rebuild."""

import sqlalchemy as sa
from alembic import op

from guanxi_analytics.migrations.fact_tables import create_fact_table
from guanxi_shared.migrations import secure

revision = "0050"
down_revision = "0040"
branch_labels = None
depends_on = None

TERMS = ("month", "quarter", "half_year", "year", "two_years", "three_years", "other")


def upgrade() -> None:
    listed = ", ".join(f"'{each}'" for each in TERMS)
    create_fact_table(
        "contract_facts",
        ("valid_from", "account_id", "owner_id", "team_id"),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("renewed_from_id", sa.Uuid(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(f"term IN ({listed})", name=op.f("ck_contract_facts_term")),
    )
    secure("contract_facts")


def downgrade() -> None:
    op.drop_table("contract_facts")

"""Activities as facts. The feed is heard from its beginning by a rebuild."""

import sqlalchemy as sa
from alembic import op

from guanxi_analytics.migrations.fact_tables import create_fact_table
from guanxi_shared.migrations import secure

revision = "0060"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_fact_table(
        "activity_facts",
        ("valid_at", "account_id", "owner_id", "team_id"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("valid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("is_checked_in", sa.Boolean(), nullable=False),
        sa.Column("is_far", sa.Boolean(), nullable=True),
        *(
            sa.Column(name, sa.Uuid(), nullable=True)
            for name in ("account_id", "opportunity_id", "ticket_id", "owner_id", "team_id")
        ),
    )
    secure("activity_facts")


def downgrade() -> None:
    op.drop_table("activity_facts")

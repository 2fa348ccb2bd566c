"""Segments and their accounts as facts. The feed is heard from its beginning by a rebuild."""

import sqlalchemy as sa
from alembic import op

from guanxi_analytics.migrations.fact_tables import create_fact_table
from guanxi_shared.migrations import secure

revision = "0101"
down_revision = "0100"
branch_labels = None
depends_on = None

TABLES = ("segment_facts", "segment_member_facts")


def upgrade() -> None:
    create_fact_table(
        "segment_facts",
        (),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("segment_kind", sa.Text(), nullable=False),
        sa.Column("shared_with", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
    )
    create_fact_table(
        "segment_member_facts",
        (),
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
    )
    for name, columns in {
        "account": ["account_id"],
        "segment": ["segment_id", "account_id"],
    }.items():
        op.create_index(
            f"ix_segment_member_facts_{name}", "segment_member_facts", ["organisation_id", *columns]
        )
    secure(*TABLES)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)

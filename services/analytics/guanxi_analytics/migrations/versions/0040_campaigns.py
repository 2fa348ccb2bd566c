"""Campaigns and their members as facts."""

import sqlalchemy as sa
from alembic import op

from guanxi_analytics.migrations.fact_tables import create_fact_table
from guanxi_shared.migrations import secure

revision = "0040"
down_revision = "0030"
branch_labels = None
depends_on = None

FOUND_BY = {
    "campaign_facts": ("valid_on", "owner_id", "team_id"),
    "campaign_member_facts": ("campaign_id", "member_id", "account_id", "addressed_at"),
}


def upgrade() -> None:
    create_fact_table(
        "campaign_facts",
        FOUND_BY["campaign_facts"],
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("valid_on", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("campaign_kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("line IN ('campaign', 'cost')", name=op.f("ck_campaign_facts_line")),
    )
    create_fact_table(
        "campaign_member_facts",
        FOUND_BY["campaign_member_facts"],
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("member_type", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("member_group", sa.Text(), nullable=False),
        sa.Column("is_by_lot", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("addressed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("responded_at", sa.DateTime(timezone=True), nullable=True),
    )
    secure(*FOUND_BY)


def downgrade() -> None:
    for table in FOUND_BY:
        op.drop_table(table)

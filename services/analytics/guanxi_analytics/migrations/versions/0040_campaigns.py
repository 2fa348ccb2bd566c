"""Campaigns and their members as facts."""

from typing import Any

import sqlalchemy as sa
from alembic import op

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
    _table(
        "campaign_facts",
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
    _table(
        "campaign_member_facts",
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


def _table(name: str, *said: Any) -> None:
    key = ("organisation_id", "subject_id", "piece_id", "version")
    op.create_table(
        name,
        *(sa.Column(column, sa.Uuid(), nullable=False) for column in key[:3]),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *said,
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")),
    )
    present = sa.text("ended_at IS NULL")
    for column in FOUND_BY[name]:
        op.create_index(
            f"ix_{name}_{column}", name, ["organisation_id", column], postgresql_where=present
        )
    op.create_index(f"ix_{name}_known", name, ["organisation_id", "recorded_at", "ended_at"])
    op.create_index(
        f"ux_{name}_present", name, list(key[:3]), unique=True, postgresql_where=present
    )


def downgrade() -> None:
    for table in FOUND_BY:
        op.drop_table(table)

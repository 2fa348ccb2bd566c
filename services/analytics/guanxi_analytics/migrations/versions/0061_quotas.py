"""Quotas as facts. The feed is heard from its beginning by a rebuild."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import secure

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

KEY = ("organisation_id", "subject_id", "piece_id", "version")


def upgrade() -> None:
    op.create_table(
        "quota_facts",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in KEY[:3]),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("pipeline_id", sa.Uuid(), nullable=True),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "period IN ('month', 'quarter', 'year')", name=op.f("ck_quota_facts_period")
        ),
        sa.PrimaryKeyConstraint(*KEY, name=op.f("pk_quota_facts")),
    )
    present = sa.text("ended_at IS NULL")
    for column in ("starts_on", "owner_id", "team_id"):
        op.create_index(
            f"ix_quota_facts_{column}", "quota_facts", ["organisation_id", column],
            postgresql_where=present,
        )  # fmt: skip
    op.create_index(
        "ix_quota_facts_known", "quota_facts", ["organisation_id", "recorded_at", "ended_at"]
    )
    op.create_index(
        "ux_quota_facts_present", "quota_facts", list(KEY[:3]), unique=True,
        postgresql_where=present,
    )  # fmt: skip
    secure("quota_facts")


def downgrade() -> None:
    op.drop_table("quota_facts")

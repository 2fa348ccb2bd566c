"""Deletions from phones that reach over several services, until the last of them has answered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure

revision = "0040"
down_revision = "0030"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "sync_deletions",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=True),
        sa.Column("part", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "user_id"], ["users.organisation_id", "users.id"],
            name=op.f("fk_sync_deletions_organisation_id_user_id"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_sync_deletions")),
    )  # fmt: skip
    op.create_index(
        "ix_sync_deletions_organisation_id_user_id",
        "sync_deletions",
        ["organisation_id", "user_id"],
    )
    secure("sync_deletions")


def downgrade() -> None:
    op.drop_table("sync_deletions")

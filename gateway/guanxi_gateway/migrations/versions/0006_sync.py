"""Where each phone stands in the services' feeds, and what its user wants on it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure

revision = "0006"
down_revision = "0003"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "sync_cursors",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=True),
        sa.Column("standings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "again", postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"), nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "user_id"], ["users.organisation_id", "users.id"],
            name=op.f("fk_sync_cursors_organisation_id_user_id"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_sync_cursors")),
    )  # fmt: skip
    op.create_index(
        "ix_sync_cursors_organisation_id_user_id",
        "sync_cursors",
        ["organisation_id", "user_id", "device_id", "id"],
    )
    op.create_table(
        "sync_profiles",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("records", sa.Text(), nullable=False),
        sa.Column("activity_days", sa.Integer(), nullable=True),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False
        ),
        sa.CheckConstraint(
            "records IN ('mine', 'team', 'all')", name=op.f("ck_sync_profiles_records")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "user_id"], ["users.organisation_id", "users.id"],
            name=op.f("fk_sync_profiles_organisation_id_user_id"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "user_id", name=op.f("pk_sync_profiles")),
    )  # fmt: skip
    secure("sync_cursors", "sync_profiles")


def downgrade() -> None:
    op.drop_table("sync_profiles")
    op.drop_table("sync_cursors")

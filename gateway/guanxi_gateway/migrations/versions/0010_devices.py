"""Devices that sync, and which session was seen on which."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import secure

revision = "0010"
down_revision = "0006"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), server_default=sa.text("'unknown'"), nullable=False),
        sa.Column("app_version", sa.Text(), nullable=True),
        sa.Column("push_token", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=True)
            for name in ("last_pulled_at", "last_pushed_at", "hinted_at", "wipe_ordered_at")
        ),
        sa.Column("wipe_ordered_by_id", sa.Uuid(), nullable=True),
        sa.Column("wipe_heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wiped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "platform IN ('ios', 'android', 'web', 'windows', 'macos', 'linux', 'unknown')",
            name=op.f("ck_devices_platform"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"], ["users.organisation_id", "users.id"],
            name=op.f("fk_devices_organisation_id_owner_id"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_devices")),
        sa.UniqueConstraint(
            "organisation_id", "owner_id", "device_id",
            name=op.f("uq_devices_organisation_id_owner_id_device_id"),
        ),
    )  # fmt: skip
    op.create_index(
        "ix_devices_organisation_id_hinted", "devices", ["organisation_id", "id"],
        postgresql_where=sa.text("push_token IS NOT NULL"),
    )  # fmt: skip
    secure("devices")
    op.add_column("sessions", sa.Column("device_id", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_sessions_organisation_id_device_id", "sessions", ["organisation_id", "device_id"],
        postgresql_where=sa.text("device_id IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_sessions_organisation_id_device_id", table_name="sessions")
    op.drop_column("sessions", "device_id")
    op.drop_table("devices")

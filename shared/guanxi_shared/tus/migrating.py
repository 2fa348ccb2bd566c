"""The table of `tables.add_uploads_table`, for a service's migration."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure
from guanxi_shared.schedules import expiry_policy


def create_uploads_table() -> None:
    now = sa.text("clock_timestamp()")
    op.create_table(
        "uploads",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("declared_type", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("links", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_uploads")),
    )
    op.create_index(
        "ix_uploads_organisation_id_owner_id", "uploads", ["organisation_id", "owner_id"]
    )
    op.create_index(
        "ix_uploads_organisation_id_expires_at", "uploads", ["organisation_id", "expires_at"]
    )
    secure("uploads")
    op.execute(expiry_policy("uploads", column="expires_at", kept="1 hour"))


def drop_uploads_table() -> None:
    op.drop_table("uploads")

"""Saved views and segments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "views",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column(
            "document",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "columns", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("shared_with", sa.Text(), server_default="nobody", nullable=False),
        sa.Column("shared_team_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(shared_with = 'team') = (shared_team_id IS NOT NULL)", name=op.f("ck_views_sharing")
        ),
        sa.CheckConstraint(
            "resource IN ('accounts', 'contacts', 'activities')", name=op.f("ck_views_resource")
        ),
        sa.CheckConstraint(
            "shared_with IN ('nobody', 'team', 'all')", name=op.f("ck_views_shared_with")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_views")),
    )
    op.create_index(
        "ix_views_organisation_id_owner_id",
        "views",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_views_organisation_id_team_id",
        "views",
        ["organisation_id", "team_id", "id"],
        unique=False,
    )
    op.create_table(
        "segments",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="dynamic", nullable=False),
        sa.Column(
            "document",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("members_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shared_with", sa.Text(), server_default="nobody", nullable=False),
        sa.Column("shared_team_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(shared_with = 'team') = (shared_team_id IS NOT NULL)",
            name=op.f("ck_segments_sharing"),
        ),
        sa.CheckConstraint("kind IN ('dynamic', 'frozen')", name=op.f("ck_segments_kind")),
        sa.CheckConstraint(
            "resource IN ('accounts', 'contacts')", name=op.f("ck_segments_resource")
        ),
        sa.CheckConstraint(
            "shared_with IN ('nobody', 'team', 'all')", name=op.f("ck_segments_shared_with")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_segments")),
    )
    op.create_index(
        "ix_segments_organisation_id_owner_id",
        "segments",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_segments_organisation_id_team_id",
        "segments",
        ["organisation_id", "team_id", "id"],
        unique=False,
    )
    op.create_table(
        "segment_members",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column(
            "added_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "segment_id"],
            ["segments.organisation_id", "segments.id"],
            name=op.f("fk_segment_members_organisation_id_segment_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "segment_id", "member_id", name=op.f("pk_segment_members")
        ),
    )
    op.create_index(
        "ix_segment_members_organisation_id_member_id",
        "segment_members",
        ["organisation_id", "member_id"],
        unique=False,
    )
    secure("views", "segments", "segment_members")


def downgrade() -> None:
    for table in ("segment_members", "segments", "views"):
        op.drop_table(table)

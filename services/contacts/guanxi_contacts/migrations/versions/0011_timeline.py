"""The timeline: what other services told of accounts and contacts, and who may see it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant, now = sa.DateTime(timezone=True), sa.text("clock_timestamp()")
    op.create_table(
        "timeline_entries",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", instant, server_default=now, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "subject_type IN ('account', 'contact')",
            name=op.f("ck_timeline_entries_subject_type"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "event_id", "subject_id", name=op.f("pk_timeline_entries")
        ),
    )
    op.create_index(
        "ix_timeline_entries_organisation_id_subject_id",
        "timeline_entries",
        ["organisation_id", "subject_id", "at", "id"],
    )
    op.create_index(
        "ix_timeline_entries_organisation_id_source_id",
        "timeline_entries",
        ["organisation_id", "source_id"],
    )
    op.create_table(
        "timeline_sources",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", instant, nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_timeline_sources")),
    )
    secure("timeline_entries", "timeline_sources")


def downgrade() -> None:
    op.drop_table("timeline_sources")
    op.drop_table("timeline_entries")

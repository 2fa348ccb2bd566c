"""Macros."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "macros",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column(
            "actions",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
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
            "(shared_with = 'team') = (shared_team_id IS NOT NULL)", name=op.f("ck_macros_sharing")
        ),
        sa.CheckConstraint(
            "shared_with IN ('nobody', 'team', 'all')", name=op.f("ck_macros_shared_with")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_macros")),
    )
    op.create_index(
        "ix_macros_organisation_id_owner_id",
        "macros",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_macros_organisation_id_team_id",
        "macros",
        ["organisation_id", "team_id", "id"],
        unique=False,
    )
    secure("macros")


def downgrade() -> None:
    op.drop_index("ix_macros_organisation_id_team_id", table_name="macros")
    op.drop_index("ix_macros_organisation_id_owner_id", table_name="macros")
    op.drop_table("macros")

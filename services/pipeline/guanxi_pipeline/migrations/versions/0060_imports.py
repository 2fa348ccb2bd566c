"""Imports with the rows that did not go through, saved views, and the names and numbers by which files
name accounts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure
from guanxi_shared.schedules import expiry_policy

revision = "0060"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("source", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("suggestion", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("preview", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_imports")),
    )
    op.create_index(
        "ix_imports_organisation_id_created_by",
        "imports",
        ["organisation_id", "created_by", "id"],
        unique=False,
    )
    op.create_table(
        "views",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column(
            "document", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column("columns", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
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
        "import_rows",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("cells", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column(
            "reference",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
        ),
        sa.CheckConstraint(
            "status IN ('refused', 'postponed', 'incomplete')", name=op.f("ck_import_rows_status")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "job_id"],
            ["jobs.organisation_id", "jobs.id"],
            name=op.f("fk_import_rows_organisation_id_job_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "job_id", "number", name=op.f("pk_import_rows")),
    )
    op.add_column("known_accounts", sa.Column("name_key", sa.Text(), nullable=True))
    op.add_column("known_accounts", sa.Column("external_id", sa.Text(), nullable=True))
    op.create_index(
        "ix_known_accounts_organisation_id_external_id",
        "known_accounts",
        ["organisation_id", "external_id"],
        unique=False,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_index(
        "ix_known_accounts_organisation_id_name_key",
        "known_accounts",
        ["organisation_id", "name_key", "id"],
        unique=False,
    )
    secure("imports", "import_rows", "views")
    op.execute(expiry_policy("imports", column="created_at", kept="90 days"))


def downgrade() -> None:
    op.drop_index("ix_known_accounts_organisation_id_name_key", table_name="known_accounts")
    op.drop_index(
        "ix_known_accounts_organisation_id_external_id",
        table_name="known_accounts",
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.drop_column("known_accounts", "external_id")
    op.drop_column("known_accounts", "name_key")
    op.drop_table("import_rows")
    op.drop_index("ix_views_organisation_id_team_id", table_name="views")
    op.drop_index("ix_views_organisation_id_owner_id", table_name="views")
    op.drop_table("views")
    op.drop_index("ix_imports_organisation_id_created_by", table_name="imports")
    op.drop_table("imports")

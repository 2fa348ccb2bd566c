"""Imports with the rows that did not go through, what files name accounts and people by, and tickets that
bring a past with them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure
from guanxi_shared.schedules import expiry_policy

revision = "0023"
down_revision = "0022"
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
    op.add_column("known_contacts", sa.Column("name_key", sa.Text(), nullable=True))
    op.add_column("known_contacts", sa.Column("external_id", sa.Text(), nullable=True))
    op.add_column(
        "known_contacts",
        sa.Column(
            "emails", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.create_index(
        "ix_known_contacts_organisation_id_external_id",
        "known_contacts",
        ["organisation_id", "external_id"],
        unique=False,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_index(
        "ix_known_contacts_organisation_id_name_key",
        "known_contacts",
        ["organisation_id", "name_key", "id"],
        unique=False,
    )
    op.add_column("tickets", sa.Column("sla_told_from", sa.DateTime(timezone=True), nullable=True))
    secure("imports", "import_rows")
    op.execute(expiry_policy("imports", column="created_at", kept="90 days"))


def downgrade() -> None:
    op.drop_column("tickets", "sla_told_from")
    op.drop_index("ix_known_contacts_organisation_id_name_key", table_name="known_contacts")
    op.drop_index(
        "ix_known_contacts_organisation_id_external_id",
        table_name="known_contacts",
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.drop_column("known_contacts", "emails")
    op.drop_column("known_contacts", "external_id")
    op.drop_column("known_contacts", "name_key")
    op.drop_index("ix_known_accounts_organisation_id_name_key", table_name="known_accounts")
    op.drop_index(
        "ix_known_accounts_organisation_id_external_id",
        table_name="known_accounts",
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.drop_column("known_accounts", "external_id")
    op.drop_column("known_accounts", "name_key")
    op.drop_table("import_rows")
    op.drop_index("ix_imports_organisation_id_created_by", table_name="imports")
    op.drop_table("imports")

"""The kernel's tables and the first tables of contacts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import install_kernel, secure
from guanxi_shared.schedules import expiry_policy

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    install_kernel("contacts")
    op.create_table(
        "accounts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=True),
        sa.Column("short_name", sa.Text(), nullable=True),
        sa.Column("local_name", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), server_default="company", nullable=False),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("founded_year", sa.BigInteger(), nullable=True),
        sa.Column("staff_count", sa.BigInteger(), nullable=True),
        sa.Column("revenue_amount", sa.Numeric(), nullable=True),
        sa.Column("revenue_currency", sa.Text(), nullable=True),
        sa.Column(
            "phones",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "emails",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "addresses",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("referred_by_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("lifecycle_stage", sa.Text(), server_default="prospect", nullable=False),
        sa.Column("relationship_level", sa.Text(), nullable=True),
        sa.Column("needs_tier", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("key_account", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column(
            "tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "custom",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "search_grams",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("search_digits", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "match_keys",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
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
        sa.CheckConstraint("grade IN ('A', 'B', 'C', 'D')", name=op.f("ck_accounts_grade")),
        sa.CheckConstraint("kind IN ('company', 'person')", name=op.f("ck_accounts_kind")),
        sa.CheckConstraint(
            "lifecycle_stage IN ('prospect', 'new', 'active', 'loyal', 'at_risk', 'lost', 'won_back')",
            name=op.f("ck_accounts_lifecycle_stage"),
        ),
        sa.CheckConstraint(
            "needs_tier IN ('survival', 'security', 'social', 'esteem', 'self_actualisation')",
            name=op.f("ck_accounts_needs_tier"),
        ),
        sa.CheckConstraint(
            "relationship_level IN ('basic', 'reactive', 'accountable', 'proactive', 'partnership')",
            name=op.f("ck_accounts_relationship_level"),
        ),
        sa.CheckConstraint(
            "(revenue_amount IS NULL) = (revenue_currency IS NULL)",
            name=op.f("ck_accounts_revenue"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "parent_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_accounts_organisation_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "referred_by_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_accounts_organisation_id_referred_by_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_accounts")),
    )
    op.create_index(
        "ix_accounts_organisation_id_name",
        "accounts",
        ["organisation_id", "name", "id"],
        unique=False,
    )
    op.create_index(
        "ix_accounts_organisation_id_owner_id",
        "accounts",
        ["organisation_id", "owner_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_accounts_organisation_id_parent_id",
        "accounts",
        ["organisation_id", "parent_id"],
        unique=False,
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index(
        "ix_accounts_organisation_id_referred_by_id",
        "accounts",
        ["organisation_id", "referred_by_id"],
        unique=False,
        postgresql_where=sa.text("referred_by_id IS NOT NULL"),
    )
    op.create_index(
        "ix_accounts_organisation_id_updated_at",
        "accounts",
        ["organisation_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_accounts_owned", "accounts", ["organisation_id", "owner_id", "id"], unique=False
    )
    op.create_index(
        "ix_accounts_organisation_id_team_id",
        "accounts",
        ["organisation_id", "team_id", "updated_at", "id"],
        unique=False,
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.create_index(
        "ix_accounts_match_keys",
        "accounts",
        ["organisation_id", "match_keys"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(
        "ix_accounts_search",
        "accounts",
        [
            "organisation_id",
            "search_grams",
            "tags",
            sa.literal_column("search_text gin_trgm_ops"),
            sa.literal_column("search_digits gin_trgm_ops"),
        ],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "contacts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=True),
        sa.Column("family_name", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("reports_to_id", sa.Uuid(), nullable=True),
        sa.Column("birthday", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column(
            "phones",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "emails",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "addresses",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "hobbies", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("achievements", sa.Text(), nullable=True),
        sa.Column("family_notes", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column(
            "tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "custom",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "search_grams",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("search_digits", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "match_keys",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
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
        sa.ForeignKeyConstraint(
            ["organisation_id", "reports_to_id"],
            ["contacts.organisation_id", "contacts.id"],
            name=op.f("fk_contacts_organisation_id_reports_to_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_contacts")),
    )
    op.create_index(
        "ix_contacts_organisation_id_name",
        "contacts",
        ["organisation_id", "name", "id"],
        unique=False,
    )
    op.create_index(
        "ix_contacts_organisation_id_owner_id",
        "contacts",
        ["organisation_id", "owner_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_contacts_organisation_id_reports_to_id",
        "contacts",
        ["organisation_id", "reports_to_id"],
        unique=False,
        postgresql_where=sa.text("reports_to_id IS NOT NULL"),
    )
    op.create_index(
        "ix_contacts_organisation_id_updated_at",
        "contacts",
        ["organisation_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_contacts_owned", "contacts", ["organisation_id", "owner_id", "id"], unique=False
    )
    op.create_index(
        "ix_contacts_organisation_id_team_id",
        "contacts",
        ["organisation_id", "team_id", "updated_at", "id"],
        unique=False,
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.create_index(
        "ix_contacts_match_keys",
        "contacts",
        ["organisation_id", "match_keys"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(
        "ix_contacts_search",
        "contacts",
        [
            "organisation_id",
            "search_grams",
            "tags",
            sa.literal_column("search_text gin_trgm_ops"),
            sa.literal_column("search_digits gin_trgm_ops"),
        ],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "contact_accounts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("stance", sa.Text(), nullable=True),
        sa.Column("is_primary", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint(
            "role IN ('decision_maker', 'influencer', 'user', 'gatekeeper', 'buyer', 'champion', 'other')",
            name=op.f("ck_contact_accounts_role"),
        ),
        sa.CheckConstraint(
            "stance IN ('supporter', 'neutral', 'opponent', 'unknown')",
            name=op.f("ck_contact_accounts_stance"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_contact_accounts_organisation_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "contact_id"],
            ["contacts.organisation_id", "contacts.id"],
            name=op.f("fk_contact_accounts_organisation_id_contact_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "contact_id", "account_id", name=op.f("pk_contact_accounts")
        ),
    )
    op.create_index(
        "ix_contact_accounts_organisation_id_account_id",
        "contact_accounts",
        ["organisation_id", "account_id"],
        unique=False,
    )
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
            server_default=sa.text("'{}'"),
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
    secure("accounts", "contacts", "contact_accounts", "imports", "import_rows")
    op.execute(expiry_policy("imports", column="created_at", kept="90 days"))


def downgrade() -> None:
    """The first migration has no way back: drop the schema instead."""
    raise RuntimeError("drop the schema contacts to go back before its first migration")

"""Quotes, approval rules and the counter of numbers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import create_search_table, secure

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approval_rules",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("step", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("discount_from", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("total_from_amount", sa.Numeric(), nullable=True),
        sa.Column("total_from_currency", sa.Text(), nullable=True),
        sa.Column("approver", sa.Text(), server_default="manager", nullable=False),
        sa.Column("approver_id", sa.Uuid(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
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
            "(approver = 'user') = (approver_id IS NOT NULL)",
            name=op.f("ck_approval_rules_approver_id"),
        ),
        sa.CheckConstraint(
            "approver IN ('manager', 'user')", name=op.f("ck_approval_rules_approver")
        ),
        sa.CheckConstraint(
            "(total_from_amount IS NULL) = (total_from_currency IS NULL)",
            name=op.f("ck_approval_rules_total_from"),
        ),
        sa.CheckConstraint(
            "discount_from IS NOT NULL OR total_from_amount IS NOT NULL",
            name=op.f("ck_approval_rules_condition"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_approval_rules")),
    )
    op.create_index(
        "ix_approval_rules_step", "approval_rules", ["organisation_id", "step", "id"], unique=False
    )
    op.create_table(
        "quote_numbers",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_quote_numbers")),
    )
    op.create_table(
        "quotes",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("superseded_by_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("is_account_verified", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("price_mode", sa.Text(), server_default="net", nullable=False),
        sa.Column(
            "lines",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "product_ids",
            postgresql.ARRAY(sa.Uuid()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("discount", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "totals",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("net_amount", sa.Numeric(), nullable=True),
        sa.Column("net_currency", sa.Text(), nullable=True),
        sa.Column("total_amount", sa.Numeric(), nullable=True),
        sa.Column("total_currency", sa.Text(), nullable=True),
        sa.Column(
            "discount_percent", sa.Numeric(precision=7, scale=4), server_default="0", nullable=False
        ),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("update_opportunity", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "approvals",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("submitted_by_id", sa.Uuid(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
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
        sa.Column("as_shown", sa.Text(), nullable=True),
        sa.CheckConstraint("price_mode IN ('net', 'gross')", name=op.f("ck_quotes_price_mode")),
        sa.CheckConstraint(
            "status IN ('draft', 'pending_approval', 'approved', 'sent', 'accepted', 'rejected', 'expired', 'superseded', 'withdrawn')",
            name=op.f("ck_quotes_status"),
        ),
        sa.CheckConstraint("revision > 0", name=op.f("ck_quotes_revision")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "opportunity_id"],
            ["opportunities.organisation_id", "opportunities.id"],
            name=op.f("fk_quotes_organisation_id_opportunity_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_quotes")),
    )
    op.create_index(
        "ix_quotes_organisation_id_account_id",
        "quotes",
        ["organisation_id", "account_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_quotes_organisation_id_contact_id",
        "quotes",
        ["organisation_id", "contact_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_quotes_organisation_id_opportunity_id",
        "quotes",
        ["organisation_id", "opportunity_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_quotes_organisation_id_owner_id",
        "quotes",
        ["organisation_id", "owner_id", "updated_at", "id"],
        unique=False,
        postgresql_include=["deleted_at", "status"],
    )
    op.create_index(
        "ix_quotes_organisation_id_team_id",
        "quotes",
        ["organisation_id", "team_id", "updated_at", "id"],
        unique=False,
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.create_index(
        "ix_quotes_organisation_id_updated_at",
        "quotes",
        ["organisation_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_quotes_owned", "quotes", ["organisation_id", "owner_id", "id"], unique=False
    )
    op.create_index(
        "ix_quotes_products",
        "quotes",
        ["organisation_id", "product_ids"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_quotes_pending",
        "quotes",
        ["organisation_id", "submitted_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending_approval' AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_quotes_sent",
        "quotes",
        ["organisation_id", "valid_until"],
        unique=False,
        postgresql_where=sa.text("status = 'sent' AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_quotes_unverified",
        "quotes",
        ["organisation_id", "id"],
        unique=False,
        postgresql_where=sa.text("NOT is_account_verified AND deleted_at IS NULL"),
    )
    op.create_index(
        "uq_quotes_organisation_id_number",
        "quotes",
        ["organisation_id", "number", "revision"],
        unique=True,
    )
    create_search_table("quotes")
    secure("quotes", "approval_rules", "quote_numbers")


def downgrade() -> None:
    op.drop_table("quotes")
    op.drop_table("quotes_search")
    op.drop_table("quote_numbers")
    op.drop_table("approval_rules")

"""The kernel's tables and the first tables of pipeline."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import create_search_table, execute_script, install_kernel, secure

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Whom a duty has work for, which is bound to nobody: the owner of the schema sees the directory by a
# policy of its own, and the service ids of organisations and no more, through this function.
ORGANISATIONS = """
CREATE POLICY rounds ON directory_state FOR SELECT TO CURRENT_USER USING (
    nullif(current_setting('app.organisation_id', true), '') IS NULL);
CREATE FUNCTION organisations() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pipeline, pg_temp AS $$
    SELECT organisation_id FROM directory_state
$$;
REVOKE ALL ON FUNCTION organisations() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organisations() TO pipeline;
"""


def upgrade() -> None:
    install_kernel("pipeline")
    op.create_table(
        "exchange_rates",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("valid_on", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
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
        sa.CheckConstraint("currency <> base", name=op.f("ck_exchange_rates_currency")),
        sa.CheckConstraint("rate > 0", name=op.f("ck_exchange_rates_rate")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_exchange_rates")),
    )
    op.create_index(
        "uq_exchange_rates_day",
        "exchange_rates",
        ["organisation_id", "currency", "base", "valid_on"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "known_accounts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_known_accounts")),
    )
    op.create_index(
        "ix_known_accounts_organisation_id_merged_into_id",
        "known_accounts",
        ["organisation_id", "merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_index(
        "ix_known_accounts_organisation_id_name",
        "known_accounts",
        ["organisation_id", "name", "id"],
        unique=False,
    )
    op.create_table(
        "known_contacts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_known_contacts")),
    )
    op.create_index(
        "ix_known_contacts_organisation_id_merged_into_id",
        "known_contacts",
        ["organisation_id", "merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_table(
        "merge_follows",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint(
            "organisation_id",
            "merge_id",
            "resource",
            "field",
            "record_id",
            name=op.f("pk_merge_follows"),
        ),
    )
    op.create_table(
        "pipelines",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_default", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("idle_days", sa.BigInteger(), server_default="14", nullable=False),
        sa.Column("reopened_by", sa.Text(), server_default="anybody", nullable=False),
        sa.Column("reopen_within_days", sa.BigInteger(), nullable=True),
        sa.Column(
            "win_reasons",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "loss_reasons",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("external_id", sa.Text(), nullable=True),
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
            "reopened_by IN ('anybody', 'manager', 'nobody')", name=op.f("ck_pipelines_reopened_by")
        ),
        sa.CheckConstraint("idle_days > 0", name=op.f("ck_pipelines_idle_days")),
        sa.CheckConstraint("reopen_within_days >= 0", name=op.f("ck_pipelines_reopen_within_days")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_pipelines")),
    )
    op.create_index(
        "uq_pipelines_default",
        "pipelines",
        ["organisation_id"],
        unique=True,
        postgresql_where=sa.text("is_default AND deleted_at IS NULL"),
    )
    op.create_index(
        "uq_pipelines_name",
        "pipelines",
        ["organisation_id", sa.literal_column("lower(name)")],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "stages",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="open", nullable=False),
        sa.Column("probability", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("forecast_category", sa.Text(), nullable=False),
        sa.Column("max_days", sa.BigInteger(), nullable=True),
        sa.Column(
            "required_fields",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "exit_criteria",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("guidance", sa.Text(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "forecast_category IN ('omitted', 'pipeline', 'best_case', 'commit', 'closed')",
            name=op.f("ck_stages_forecast_category"),
        ),
        sa.CheckConstraint("kind IN ('open', 'won', 'lost')", name=op.f("ck_stages_kind")),
        sa.CheckConstraint("max_days > 0", name=op.f("ck_stages_max_days")),
        sa.CheckConstraint(
            "probability >= 0 AND probability <= 100", name=op.f("ck_stages_probability")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "pipeline_id"],
            ["pipelines.organisation_id", "pipelines.id"],
            name=op.f("fk_stages_organisation_id_pipeline_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_stages")),
        sa.UniqueConstraint(
            "organisation_id",
            "pipeline_id",
            "id",
            name=op.f("uq_stages_organisation_id_pipeline_id_id"),
        ),
    )
    op.create_index(
        "ix_stages_organisation_id_pipeline_id",
        "stages",
        ["organisation_id", "pipeline_id", "position"],
        unique=False,
    )
    op.create_table(
        "opportunities",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("is_account_verified", sa.Boolean(), server_default="true", nullable=False),
        sa.Column(
            "contacts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "contact_ids",
            postgresql.ARRAY(sa.Uuid()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("stage_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("amount_amount", sa.Numeric(), nullable=True),
        sa.Column("amount_currency", sa.Text(), nullable=True),
        sa.Column("amount_source", sa.Text(), server_default="given", nullable=False),
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
        sa.Column("probability", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("probability_source", sa.Text(), server_default="stage", nullable=False),
        sa.Column("close_on", sa.Date(), nullable=True),
        sa.Column("first_close_on", sa.Date(), nullable=True),
        sa.Column("close_on_moves", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("forecast_category", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reason_note", sa.Text(), nullable=True),
        sa.Column(
            "competitors",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("next_step", sa.Text(), nullable=True),
        sa.Column("next_step_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column(
            "splits",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column(
            "stage_entered_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "confirmed", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("rank", sa.Numeric(), nullable=False),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
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
        sa.CheckConstraint(
            "(status = 'open') = (closed_at IS NULL)", name=op.f("ck_opportunities_closed_at")
        ),
        sa.CheckConstraint(
            "amount_source IN ('given', 'lines')", name=op.f("ck_opportunities_amount_source")
        ),
        sa.CheckConstraint(
            "forecast_category IN ('omitted', 'pipeline', 'best_case', 'commit', 'closed')",
            name=op.f("ck_opportunities_forecast_category"),
        ),
        sa.CheckConstraint(
            "probability_source IN ('stage', 'manual', 'model')",
            name=op.f("ck_opportunities_probability_source"),
        ),
        sa.CheckConstraint(
            "status IN ('open', 'won', 'lost')", name=op.f("ck_opportunities_status")
        ),
        sa.CheckConstraint(
            "(amount_amount IS NULL) = (amount_currency IS NULL)",
            name=op.f("ck_opportunities_amount"),
        ),
        sa.CheckConstraint(
            "probability >= 0 AND probability <= 100", name=op.f("ck_opportunities_probability")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "pipeline_id", "stage_id"],
            ["stages.organisation_id", "stages.pipeline_id", "stages.id"],
            name=op.f("fk_opportunities_organisation_id_pipeline_id_stage_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_opportunities")),
    )
    op.create_index(
        "ix_opportunities_board",
        "opportunities",
        ["organisation_id", "pipeline_id", "stage_id", "rank", "id"],
        unique=False,
        postgresql_include=[
            "amount_currency",
            "amount_amount",
            "probability",
            "owner_id",
            "team_id",
        ],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_opportunities_board_of_owner",
        "opportunities",
        ["organisation_id", "owner_id", "pipeline_id", "stage_id", "rank", "id"],
        unique=False,
        postgresql_include=["amount_currency", "amount_amount", "probability", "team_id"],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_opportunities_links",
        "opportunities",
        ["organisation_id", "contact_ids", "product_ids"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_opportunities_organisation_id_account_id",
        "opportunities",
        ["organisation_id", "account_id", "id"],
        unique=False,
        postgresql_where=sa.text("account_id IS NOT NULL"),
    )
    op.create_index(
        "ix_opportunities_organisation_id_close_on",
        "opportunities",
        ["organisation_id", "close_on", "id"],
        unique=False,
    )
    op.create_index(
        "ix_opportunities_organisation_id_external_id",
        "opportunities",
        ["organisation_id", "external_id"],
        unique=False,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_index(
        "ix_opportunities_organisation_id_owner_id",
        "opportunities",
        ["organisation_id", "owner_id", "updated_at", "id"],
        unique=False,
        postgresql_include=["deleted_at", "status", "stage_id", "close_on"],
    )
    op.create_index(
        "ix_opportunities_organisation_id_team_id",
        "opportunities",
        ["organisation_id", "team_id", "updated_at", "id"],
        unique=False,
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.create_index(
        "ix_opportunities_organisation_id_updated_at",
        "opportunities",
        ["organisation_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_opportunities_owned",
        "opportunities",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_opportunities_unverified",
        "opportunities",
        ["organisation_id", "id"],
        unique=False,
        postgresql_where=sa.text("NOT is_account_verified AND deleted_at IS NULL"),
    )
    create_search_table("opportunities")
    secure(
        "exchange_rates", "known_accounts", "known_contacts", "merge_follows", "opportunities",
        "pipelines", "stages",
    )  # fmt: skip
    execute_script(ORGANISATIONS)


def downgrade() -> None:
    """The first migration has no way back: drop the schema instead."""
    raise RuntimeError("drop the schema pipeline to go back before its first migration")

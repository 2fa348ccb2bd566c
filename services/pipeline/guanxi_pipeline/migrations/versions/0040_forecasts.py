"""Quotas, submitted forecasts, and the figures of each day."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import secure

revision = "0040"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forecast_days",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("covers_from", sa.Date(), nullable=False),
        sa.Column(
            "taken_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("organisation_id", "day", name=op.f("pk_forecast_days")),
    )
    op.create_table(
        "forecast_calls",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("pipeline_id", sa.Uuid(), nullable=True),
        sa.Column("is_roll_up", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("commit_amount", sa.Numeric(), nullable=False),
        sa.Column("commit_currency", sa.Text(), nullable=False),
        sa.Column("best_case_amount", sa.Numeric(), nullable=True),
        sa.Column("best_case_currency", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("submitted_by", sa.Uuid(), nullable=True),
        sa.Column(
            "submitted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("adjusted_commit_amount", sa.Numeric(), nullable=True),
        sa.Column("adjusted_commit_currency", sa.Text(), nullable=True),
        sa.Column("adjusted_best_case_amount", sa.Numeric(), nullable=True),
        sa.Column("adjusted_best_case_currency", sa.Text(), nullable=True),
        sa.Column("adjustment_note", sa.Text(), nullable=True),
        sa.Column("adjusted_by", sa.Uuid(), nullable=True),
        sa.Column("adjusted_at", sa.DateTime(timezone=True), nullable=True),
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
            "period IN ('month', 'quarter', 'year')", name=op.f("ck_forecast_calls_period")
        ),
        sa.CheckConstraint("commit_amount >= 0", name=op.f("ck_forecast_calls_commit")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "pipeline_id"],
            ["pipelines.organisation_id", "pipelines.id"],
            name=op.f("fk_forecast_calls_organisation_id_pipeline_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_forecast_calls")),
    )
    op.create_index(
        "ix_forecast_calls_organisation_id_owner_id",
        "forecast_calls",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "uq_forecast_calls_organisation_id_starts_on",
        "forecast_calls",
        ["organisation_id", "starts_on", "period", "owner_id", "pipeline_id", "is_roll_up"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "forecast_figures",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_team_id", sa.Uuid(), nullable=True),
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("team_deals", sa.BigInteger(), nullable=False),
        sa.Column("deals", sa.BigInteger(), nullable=False),
        sa.Column("bare", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("weighted", sa.Numeric(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "day"],
            ["forecast_days.organisation_id", "forecast_days.day"],
            name=op.f("fk_forecast_figures_organisation_id_day"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "day", "n", name=op.f("pk_forecast_figures")),
    )
    op.create_index(
        "ix_forecast_figures_month",
        "forecast_figures",
        ["organisation_id", "day", "month"],
        unique=False,
        postgresql_include=["currency", "category", "amount", "weighted", "owner_id", "team_id"],
    )
    op.create_table(
        "quotas",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("pipeline_id", sa.Uuid(), nullable=True),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("amount_amount", sa.Numeric(), nullable=False),
        sa.Column("amount_currency", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
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
        sa.CheckConstraint("period IN ('month', 'quarter', 'year')", name=op.f("ck_quotas_period")),
        sa.CheckConstraint("(owner_id IS NULL) <> (team_id IS NULL)", name=op.f("ck_quotas_whose")),
        sa.CheckConstraint("amount_amount > 0", name=op.f("ck_quotas_amount")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "pipeline_id"],
            ["pipelines.organisation_id", "pipelines.id"],
            name=op.f("fk_quotas_organisation_id_pipeline_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_quotas")),
    )
    op.create_index(
        "ix_quotas_organisation_id_owner_id",
        "quotas",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_quotas_organisation_id_team_id",
        "quotas",
        ["organisation_id", "team_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_quotas_organisation_id_updated_at",
        "quotas",
        ["organisation_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_quotas_organisation_id_starts_on",
        "quotas",
        [
            "organisation_id",
            "starts_on",
            "period",
            "owner_id",
            "team_id",
            "pipeline_id",
            "product_id",
        ],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_opportunities_forecast_open",
        "opportunities",
        ["organisation_id", "close_on"],
        unique=False,
        postgresql_include=[
            "amount_currency",
            "amount_amount",
            "probability",
            "forecast_category",
            "owner_id",
            "team_id",
            "pipeline_id",
            "id",
        ],
        postgresql_where=sa.text("status = 'open' AND splits = '[]'::jsonb AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_opportunities_forecast_open_split",
        "opportunities",
        ["organisation_id", "close_on"],
        unique=False,
        postgresql_include=[
            "amount_currency",
            "amount_amount",
            "probability",
            "forecast_category",
            "owner_id",
            "team_id",
            "pipeline_id",
            "id",
        ],
        postgresql_where=sa.text(
            "status = 'open' AND splits <> '[]'::jsonb AND deleted_at IS NULL"
        ),
    )
    op.create_index(
        "ix_opportunities_forecast_won",
        "opportunities",
        ["organisation_id", "closed_at"],
        unique=False,
        postgresql_include=[
            "amount_currency",
            "amount_amount",
            "probability",
            "forecast_category",
            "owner_id",
            "team_id",
            "pipeline_id",
            "id",
        ],
        postgresql_where=sa.text("status = 'won' AND splits = '[]'::jsonb AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_opportunities_forecast_won_split",
        "opportunities",
        ["organisation_id", "closed_at"],
        unique=False,
        postgresql_include=[
            "amount_currency",
            "amount_amount",
            "probability",
            "forecast_category",
            "owner_id",
            "team_id",
            "pipeline_id",
            "id",
        ],
        postgresql_where=sa.text("status = 'won' AND splits <> '[]'::jsonb AND deleted_at IS NULL"),
    )
    secure("quotas", "forecast_calls", "forecast_days", "forecast_figures")


def downgrade() -> None:
    for name in ("open", "open_split", "won", "won_split"):
        op.drop_index(f"ix_opportunities_forecast_{name}", table_name="opportunities")
    for table in ("forecast_figures", "forecast_days", "forecast_calls", "quotas"):
        op.drop_table(table)

"""Win probability: what was learnt of each pipeline, where it is used, and when selling began."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, secure

revision = "0050"
down_revision = "0040"
branch_labels = None
depends_on = None

# What records show has a new part; whoever reads a record reads it whole.
SHOWN = """
ALTER TABLE opportunities NO FORCE ROW LEVEL SECURITY;
UPDATE opportunities SET as_shown = (as_shown::jsonb || '{"opened_on": null}')::text;
ALTER TABLE opportunities FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.add_column("opportunities", sa.Column("opened_on", sa.Date(), nullable=True))
    op.create_index(
        "ix_opportunities_by_model",
        "opportunities",
        ["organisation_id", "pipeline_id", "id"],
        postgresql_where=sa.text(
            "probability_source = 'model' AND status = 'open' AND deleted_at IS NULL"
        ),
    )
    execute_script(SHOWN)
    op.add_column(
        "pipelines", sa.Column("uses_model", sa.Boolean(), server_default="false", nullable=False)
    )
    _win_models()
    secure("win_models")


def _win_models() -> None:
    instant, empty = sa.DateTime(timezone=True), sa.text("'{}'")
    document = postgresql.JSONB(astext_type=sa.Text())
    op.create_table(
        "win_models",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("comparison", document, server_default=empty, nullable=False),
        sa.Column("model", document, nullable=True),
        sa.Column("parameters", document, server_default=empty, nullable=False),
        sa.Column("watermark", document, server_default=empty, nullable=False),
        sa.Column("is_in_use", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "trained_at", instant, server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("trained_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", instant, nullable=True),
        sa.Column("applied_at", instant, nullable=True),
        sa.CheckConstraint(
            "verdict IN ('better', 'no_better_than_win_rate', 'no_better_than_stage_default')",
            name=op.f("ck_win_models_verdict"),
        ),
        sa.CheckConstraint(
            "(verdict = 'better') = (model IS NOT NULL)", name=op.f("ck_win_models_model")
        ),
        sa.CheckConstraint(
            "NOT is_in_use OR model IS NOT NULL", name=op.f("ck_win_models_is_in_use")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "pipeline_id"],
            ["pipelines.organisation_id", "pipelines.id"],
            name=op.f("fk_win_models_organisation_id_pipeline_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_win_models")),
        sa.UniqueConstraint(
            "organisation_id", "pipeline_id", name=op.f("uq_win_models_organisation_id_pipeline_id")
        ),
    )


def downgrade() -> None:
    op.drop_table("win_models")
    op.drop_column("pipelines", "uses_model")
    op.drop_index("ix_opportunities_by_model", table_name="opportunities")
    op.drop_column("opportunities", "opened_on")

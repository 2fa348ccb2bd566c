"""Reports, their kept answers, and how often facts changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, secure
from guanxi_shared.schedules import expiry_policy

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")
OBJECT = sa.text("'{}'")


def _json() -> postgresql.JSONB:
    return postgresql.JSONB(astext_type=sa.Text())


def _instant(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=NOW, nullable=False)


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=True),
        sa.Column("document", _json(), server_default=OBJECT, nullable=False),
        sa.Column("chart", sa.Text(), server_default="auto", nullable=False),
        sa.Column("is_graded", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("shared_with", sa.Text(), server_default="nobody", nullable=False),
        sa.Column("shared_team_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        _instant("created_at"),
        _instant("updated_at"),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "chart IN ('auto', 'bars', 'columns', 'line', 'none')", name=op.f("ck_reports_chart")
        ),
        sa.CheckConstraint(
            "shared_with IN ('nobody', 'team', 'all')", name=op.f("ck_reports_shared_with")
        ),
        sa.CheckConstraint(
            "(shared_with = 'team') = (shared_team_id IS NOT NULL)", name=op.f("ck_reports_sharing")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_reports")),
    )
    for column in ("owner_id", "team_id"):
        op.create_index(
            f"ix_reports_organisation_id_{column}", "reports", ["organisation_id", column, "id"]
        )
    op.create_table(
        "report_results",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("watermark", sa.Text(), nullable=False),
        sa.Column("code_version", sa.BigInteger(), nullable=False),
        sa.Column("parameters", _json(), server_default=OBJECT, nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        _instant("computed_at"),
        sa.PrimaryKeyConstraint("organisation_id", "key", name=op.f("pk_report_results")),
    )
    op.create_index(
        "ix_report_results_computed_at", "report_results", ["organisation_id", "computed_at"]
    )
    op.create_table(
        "fact_marks",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        _instant("changed_at"),
        sa.PrimaryKeyConstraint("organisation_id", "source", name=op.f("pk_fact_marks")),
    )
    secure("reports", "report_results", "fact_marks")
    execute_script(expiry_policy("report_results", column="computed_at", kept="30 days"))


def downgrade() -> None:
    for table in ("fact_marks", "report_results", "reports"):
        op.drop_table(table)

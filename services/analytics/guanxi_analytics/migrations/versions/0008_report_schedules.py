"""Reports by the clock, and the letters they went in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    default = None if nullable else NOW
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _small(name: str, default: str) -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger(), server_default=default, nullable=False)


def upgrade() -> None:
    op.create_table(
        "report_schedules",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        _small("hour", "7"),
        _small("weekday", "1"),
        _small("day", "1"),
        sa.Column("format", sa.Text(), server_default="xlsx", nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column(
            "rights",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        _instant("due_at"),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        _instant("created_at"),
        _instant("updated_at"),
        _instant("deleted_at", nullable=True),
        sa.CheckConstraint(
            "cadence IN ('daily', 'weekly', 'monthly')", name=op.f("ck_report_schedules_cadence")
        ),
        sa.CheckConstraint(
            "format IN ('csv', 'xlsx', 'parquet', 'svg', 'png', 'html', 'pdf')",
            name=op.f("ck_report_schedules_format"),
        ),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name=op.f("ck_report_schedules_hour")),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("ck_report_schedules_weekday")),
        sa.CheckConstraint("day BETWEEN 1 AND 28", name=op.f("ck_report_schedules_day")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_report_schedules")),
    )
    op.create_index(
        "ix_report_schedules_organisation_id_owner_id",
        "report_schedules",
        ["organisation_id", "owner_id", "id"],
    )
    op.create_index("ix_report_schedules_due_at", "report_schedules", ["organisation_id", "due_at"])
    op.create_table(
        "report_letters",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        _instant("due_at"),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        _small("attempts", "0"),
        _instant("again_at"),
        _instant("ended_at", nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'sent', 'dropped', 'failed')",
            name=op.f("ck_report_letters_status"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "schedule_id"],
            ["report_schedules.organisation_id", "report_schedules.id"],
            name=op.f("fk_report_letters_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_report_letters")),
    )
    op.create_index(
        "ix_report_letters_organisation_id_schedule_id",
        "report_letters",
        ["organisation_id", "schedule_id", "due_at"],
    )
    op.create_index(
        "ix_report_letters_again_at", "report_letters", ["organisation_id", "status", "again_at"]
    )
    secure("report_schedules", "report_letters")


def downgrade() -> None:
    op.drop_table("report_letters")
    op.drop_table("report_schedules")

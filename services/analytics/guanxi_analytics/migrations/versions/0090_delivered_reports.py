"""Schedules of reports that are told of by webhooks: how they go, and the files that are fetched."""

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "report_schedules", sa.Column("deliver", sa.Text(), server_default="mail", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_report_schedules_deliver"), "report_schedules", "deliver IN ('mail', 'webhook')"
    )
    op.add_column("report_letters", sa.Column("format", sa.Text(), nullable=True))
    op.add_column("report_letters", sa.Column("file", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("report_letters", "file")
    op.drop_column("report_letters", "format")
    op.drop_constraint(op.f("ck_report_schedules_deliver"), "report_schedules")
    op.drop_column("report_schedules", "deliver")

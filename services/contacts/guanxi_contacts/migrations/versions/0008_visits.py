"""Field visits: check-ins and check-outs, and what an activity shows of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "activities", sa.Column("visit", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    op.create_table(
        "visit_checks",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("device_at", INSTANT, nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("is_clock_suspect", sa.Boolean(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.Column("measured_from", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("distance_m", sa.Float(), nullable=True),
        sa.Column("is_far", sa.Boolean(), nullable=True),
        sa.Column("tolerance_m", sa.Float(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "photo_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("step IN ('in', 'out')", name=op.f("ck_visit_checks_step")),
        sa.CheckConstraint(
            "measured_from IN ('account', 'activity')", name=op.f("ck_visit_checks_measured_from")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "activity_id"],
            ["activities.organisation_id", "activities.id"],
            name=op.f("fk_visit_checks_organisation_id_activity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_visit_checks_organisation_id_account_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "activity_id", "step", name=op.f("pk_visit_checks")
        ),
    )
    op.create_index(
        "ix_visit_checks_organisation_id_account_id",
        "visit_checks",
        ["organisation_id", "account_id"],
        postgresql_where=sa.text("account_id IS NOT NULL"),
    )
    op.create_index(
        "ix_visit_checks_organisation_id_by_id", "visit_checks", ["organisation_id", "by_id"]
    )
    op.create_index(
        "ix_visit_checks_far",
        "visit_checks",
        ["organisation_id", "activity_id"],
        postgresql_where=sa.text("is_far"),
    )
    secure("visit_checks")


def downgrade() -> None:
    op.drop_table("visit_checks")
    op.drop_column("activities", "visit")

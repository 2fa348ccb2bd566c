"""Rounds of complaints, corrective actions and root causes as facts. The feed is heard from its beginning by a rebuild."""

import sqlalchemy as sa
from alembic import op

from guanxi_analytics.migrations.fact_tables import create_fact_table
from guanxi_shared.migrations import secure

revision = "0070"
down_revision = "0062"
branch_labels = None
depends_on = None

FOUND_BY = {
    "complaint_facts": ("opened_at", "ticket_id"),
    "corrective_action_facts": ("planned_at", "round_id"),
    "root_cause_facts": (),
}


def upgrade() -> None:
    create_fact_table(
        "complaint_facts",
        FOUND_BY["complaint_facts"],
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_steps", sa.BigInteger(), nullable=False),
        sa.Column("skipped_steps", sa.BigInteger(), nullable=False),
        sa.Column("open_steps", sa.BigInteger(), nullable=False),
        sa.Column("root_cause_id", sa.Uuid(), nullable=True),
    )
    create_fact_table(
        "corrective_action_facts",
        FOUND_BY["corrective_action_facts"],
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("responsible_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('open', 'done')", name=op.f("ck_corrective_action_facts_status")
        ),
        sa.CheckConstraint(
            "effect IN ('effective', 'ineffective')", name=op.f("ck_corrective_action_facts_effect")
        ),
    )
    create_fact_table(
        "root_cause_facts",
        FOUND_BY["root_cause_facts"],
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
    )
    secure(*FOUND_BY)


def downgrade() -> None:
    for table in FOUND_BY:
        op.drop_table(table)

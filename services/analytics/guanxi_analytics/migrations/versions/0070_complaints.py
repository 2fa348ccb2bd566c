"""Rounds of complaints, corrective actions and root causes as facts. The feed is heard from its beginning by a rebuild."""

from typing import Any

import sqlalchemy as sa
from alembic import op

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
    _table(
        "complaint_facts",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_steps", sa.BigInteger(), nullable=False),
        sa.Column("skipped_steps", sa.BigInteger(), nullable=False),
        sa.Column("open_steps", sa.BigInteger(), nullable=False),
        sa.Column("root_cause_id", sa.Uuid(), nullable=True),
    )
    _table(
        "corrective_action_facts",
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
    _table(
        "root_cause_facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
    )
    secure(*FOUND_BY)


def _table(name: str, *said: Any) -> None:
    key = ("organisation_id", "subject_id", "piece_id", "version")
    op.create_table(
        name,
        *(sa.Column(column, sa.Uuid(), nullable=False) for column in key[:3]),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *said,
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")),
    )
    present = sa.text("ended_at IS NULL")
    for column in FOUND_BY[name]:
        op.create_index(
            f"ix_{name}_{column}", name, ["organisation_id", column], postgresql_where=present
        )
    op.create_index(f"ix_{name}_known", name, ["organisation_id", "recorded_at", "ended_at"])
    op.create_index(
        f"ux_{name}_present", name, list(key[:3]), unique=True, postgresql_where=present
    )


def downgrade() -> None:
    for table in FOUND_BY:
        op.drop_table(table)

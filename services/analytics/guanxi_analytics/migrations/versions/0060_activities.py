"""Activities as facts. The feed is heard from its beginning by a rebuild."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import secure

revision = "0060"
down_revision = "0050"
branch_labels = None
depends_on = None

KEY = ("organisation_id", "subject_id", "piece_id", "version")


def upgrade() -> None:
    op.create_table(
        "activity_facts",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in KEY[:3]),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("valid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("is_checked_in", sa.Boolean(), nullable=False),
        sa.Column("is_far", sa.Boolean(), nullable=True),
        *(
            sa.Column(name, sa.Uuid(), nullable=True)
            for name in ("account_id", "opportunity_id", "ticket_id", "owner_id", "team_id")
        ),
        sa.PrimaryKeyConstraint(*KEY, name=op.f("pk_activity_facts")),
    )
    present = sa.text("ended_at IS NULL")
    for column in ("valid_at", "account_id", "owner_id", "team_id"):
        op.create_index(
            f"ix_activity_facts_{column}", "activity_facts", ["organisation_id", column],
            postgresql_where=present,
        )  # fmt: skip
    op.create_index(
        "ix_activity_facts_known", "activity_facts", ["organisation_id", "recorded_at", "ended_at"]
    )
    op.create_index(
        "ux_activity_facts_present", "activity_facts", list(KEY[:3]),
        unique=True, postgresql_where=present,
    )  # fmt: skip
    secure("activity_facts")


def downgrade() -> None:
    op.drop_table("activity_facts")

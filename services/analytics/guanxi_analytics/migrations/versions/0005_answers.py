"""What customers answered to surveys, in figures. The feed is heard from its beginning by a rebuild."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import secure

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answer_facts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("piece_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("score", sa.BigInteger(), nullable=True),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint(
            "organisation_id", "subject_id", "piece_id", "version", name=op.f("pk_answer_facts")
        ),
    )
    present = sa.text("ended_at IS NULL")
    for column in ("answered_at", "account_id", "owner_id", "team_id"):
        op.create_index(
            f"ix_answer_facts_{column}", "answer_facts", ["organisation_id", column], postgresql_where=present
        )  # fmt: skip
    op.create_index(
        "ix_answer_facts_known", "answer_facts", ["organisation_id", "recorded_at", "ended_at"]
    )
    op.create_index(
        "ux_answer_facts_present", "answer_facts", ["organisation_id", "subject_id", "piece_id"],
        unique=True, postgresql_where=present,
    )  # fmt: skip
    secure("answer_facts")


def downgrade() -> None:
    op.drop_table("answer_facts")

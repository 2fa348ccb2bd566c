"""Composites: the journal of what is asked in one go, and who is at it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, secure
from guanxi_shared.schedules import expiry_policy, roster_policy

revision = "0020"
down_revision = "0010"
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "composites",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column(
            "scopes", postgresql.ARRAY(sa.Text()), nullable=False, server_default=sa.text("'{}'")
        ),
        sa.Column("is_scoped", sa.Boolean(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("all_or_nothing", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'running'")),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('running', 'undoing', 'ended')", name=op.f("ck_composites_state")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "user_id"], ["users.organisation_id", "users.id"],
            name=op.f("fk_composites_organisation_id_user_id"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_composites")),
    )  # fmt: skip
    op.create_index(
        "uq_composites_organisation_id_user_id_key", "composites",
        ["organisation_id", "user_id", "key"], unique=True,
        postgresql_where=sa.text("key IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "composite_turns",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "id"], ["composites.organisation_id", "composites.id"],
            name=op.f("fk_composite_turns_organisation_id_id"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_composite_turns")),
    )  # fmt: skip
    op.create_index("ix_composite_turns_leased_until", "composite_turns", ["leased_until"])
    secure("composites", "composite_turns")
    execute_script(roster_policy("composite_turns"))
    execute_script(expiry_policy("composites", column="finished_at", kept="24 hours"))


def downgrade() -> None:
    op.drop_table("composite_turns")
    op.drop_table("composites")

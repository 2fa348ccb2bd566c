"""Erasures: of leads by request, and of people whom contacts erased."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, install_kernel, secure

revision = "0070"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant, now = sa.DateTime(timezone=True), sa.text("clock_timestamp()")
    op.add_column("leads", sa.Column("erased_at", instant, nullable=True))
    for table in ("known_accounts", "known_contacts"):
        op.add_column(
            table,
            sa.Column(
                "known_by",
                postgresql.ARRAY(sa.Text()),
                server_default=sa.text("'{}'"),
                nullable=False,
            ),
        )
    op.create_table(
        "erasures",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request_reference", sa.Text(), nullable=True),
        sa.Column("erased_by", sa.Uuid(), nullable=True),
        sa.Column("erased_at", instant, server_default=now, nullable=False),
        sa.Column(
            "counts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "subject_type IN ('lead', 'contact', 'account')", name=op.f("ck_erasures_subject_type")
        ),
        sa.CheckConstraint(
            "reason IN ('subject_request', 'retention_expired', 'consent_withdrawn', 'unlawful', 'other')",
            name=op.f("ck_erasures_reason"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_erasures")),
    )  # fmt: skip
    op.create_index(
        "uq_erasures_organisation_id_subject_id", "erasures",
        ["organisation_id", "subject_id", "subject_type", "erased_at"], unique=True,
    )  # fmt: skip
    secure("erasures")
    install_kernel("pipeline", part="erasing")
    install_kernel("pipeline", part="erasing_values")


def downgrade() -> None:
    execute_script(
        "DROP FUNCTION erase_values(uuid, text, uuid[], text[], jsonb[], jsonb[]);"
        "DROP FUNCTION erase_events(uuid, text, uuid[], jsonb[]); DROP POLICY erasure ON events;"
    )
    op.drop_table("erasures")
    for table in ("known_contacts", "known_accounts"):
        op.drop_column(table, "known_by")
    op.drop_column("leads", "erased_at")

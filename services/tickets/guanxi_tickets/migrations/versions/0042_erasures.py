"""Erasures, as contacts tells them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, install_kernel, secure

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request_reference", sa.Text(), nullable=True),
        sa.Column("erased_by", sa.Uuid(), nullable=True),
        sa.Column(
            "erased_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "counts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "reason IN ('subject_request', 'retention_expired', 'consent_withdrawn', 'unlawful', 'other')",
            name=op.f("ck_erasures_reason"),
        ),
        sa.CheckConstraint("subject_type IN ('contact')", name=op.f("ck_erasures_subject_type")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_erasures")),
    )
    op.create_index(
        "uq_erasures_organisation_id_subject_id",
        "erasures",
        ["organisation_id", "subject_id", "subject_type", "erased_at"],
        unique=True,
    )
    secure("erasures")
    install_kernel("tickets", part="erasing")
    install_kernel("tickets", part="erasing_values")


def downgrade() -> None:
    execute_script(
        "DROP FUNCTION erase_values(uuid, text, uuid[], text[], jsonb[], jsonb[]);"
        "DROP FUNCTION erase_events(uuid, text, uuid[], jsonb[]); DROP POLICY erasure ON events;"
    )
    op.drop_table("erasures")

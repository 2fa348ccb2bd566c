"""Snapshots of facts as columns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure

revision = "0030"
down_revision = "0020"
branch_labels = None
depends_on = None


def _document(name: str, default: str) -> sa.Column[object]:
    return sa.Column(
        name,
        postgresql.JSONB(astext_type=sa.Text()),
        server_default=sa.text(f"'{default}'"),
        nullable=False,
    )


def upgrade() -> None:
    op.create_table(
        "fact_snapshots",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _document("watermark", "{}"),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        _document("months", "[]"),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("code_version", sa.BigInteger(), nullable=False),
        _document("features", "{}"),
        _document("compared", "{}"),
        sa.Column(
            "made_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_fact_snapshots")),
    )
    secure("fact_snapshots")


def downgrade() -> None:
    op.drop_table("fact_snapshots")

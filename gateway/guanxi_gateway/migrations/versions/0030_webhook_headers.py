"""Webhooks: headers of one's own, and how deliveries fare in figures."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0020"
branch_labels = None
depends_on = None

COUNTS = ("delivered_count", "failed_count", "dropped_count")


def upgrade() -> None:
    texts, numbers = postgresql.ARRAY(sa.Text()), postgresql.ARRAY(sa.BigInteger())
    nothing = sa.text("'{}'")
    op.add_column(
        "webhooks", sa.Column("header_names", texts, server_default=nothing, nullable=False)
    )
    op.add_column("webhooks", sa.Column("sealed_headers", sa.Text(), nullable=True))
    for name in COUNTS:
        op.add_column(
            "webhook_turns", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
        )
    op.add_column(
        "webhook_turns",
        sa.Column("tried_seconds", sa.Double(), server_default="0", nullable=False),
    )
    op.add_column(
        "webhook_turns",
        sa.Column("tried_buckets", numbers, server_default=nothing, nullable=False),
    )
    op.add_column(
        "webhook_turns", sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    for name in (*COUNTS, "tried_seconds", "tried_buckets", "waiting_since"):
        op.drop_column("webhook_turns", name)
    for name in ("header_names", "sealed_headers"):
        op.drop_column("webhooks", name)

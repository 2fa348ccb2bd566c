"""Distributors' stock and products as facts. The feed is heard from its beginning by a rebuild."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import secure

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

FOUND_BY = {
    "stock_facts": ("month", "account_id", "owner_id", "team_id"),
    "product_facts": ("sku",),
}


def upgrade() -> None:
    _table(
        "stock_facts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("month", sa.Date(), nullable=False),
        *(
            sa.Column(name, sa.Numeric(), nullable=False)
            for name in ("opening", "bought", "sold", "adjusted", "closing")
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
    )
    _table(
        "product_facts",
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
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

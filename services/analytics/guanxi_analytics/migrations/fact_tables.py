"""How migrations make a table of facts: the key, what it was known from and until, and what answers are found by."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op


def create_fact_table(name: str, found_by: Sequence[str], *said: Any) -> None:
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
    for column in found_by:
        op.create_index(
            f"ix_{name}_{column}", name, ["organisation_id", column], postgresql_where=present
        )
    op.create_index(f"ix_{name}_known", name, ["organisation_id", "recorded_at", "ended_at"])
    op.create_index(
        f"ux_{name}_present", name, list(key[:3]), unique=True, postgresql_where=present
    )

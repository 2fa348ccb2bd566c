"""The table of `tables.add_sync_table`, for a service's migration."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import secure

NAME = "sync_makers"


def create_sync_table() -> None:
    op.create_table(
        NAME,
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f(f"pk_{NAME}")),
    )
    secure(NAME)


def drop_sync_table() -> None:
    op.drop_table(NAME)

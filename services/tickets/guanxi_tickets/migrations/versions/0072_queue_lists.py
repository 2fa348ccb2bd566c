"""The list of a queue by what is most pressing reads an index: a filter by parameters proves no partial one
that names states."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_tickets_queue_pressing",
        "tickets",
        ["organisation_id", "queue_id", "priority_rank", "id"],
        unique=False,
        postgresql_where=sa.text("queue_id IS NOT NULL AND deleted_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_tickets_queue_pressing", table_name="tickets")

"""Turns count whatever a queue gave by itself, not by round robin alone."""

from alembic import op
from sqlalchemy import text

revision = "0102"
down_revision = "0101"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_ticket_assignments_turns", "ticket_assignments"
COLUMNS = ["organisation_id", "queue_id", "assignee_id", "turn"]


def _index(which: str) -> None:
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, COLUMNS, unique=False, postgresql_where=text(which))


def upgrade() -> None:
    _index("means IN ('round_robin', 'least_loaded', 'by_skill')")


def downgrade() -> None:
    _index("means = 'round_robin'")

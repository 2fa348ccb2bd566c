"""Promises say whose ticket it was, so that timelines can show them."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import execute_script

revision = "0096"
down_revision = "0095"
branch_labels = None
depends_on = None

NAMES = ("account_id", "requester_id")
# Of all organisations at once: row-level security would show none.
BACKFILL = """
ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY;
ALTER TABLE ticket_promises NO FORCE ROW LEVEL SECURITY;
UPDATE ticket_promises AS p SET account_id = t.account_id, requester_id = t.requester_id FROM tickets t
WHERE t.organisation_id = p.organisation_id AND t.id = p.ticket_id;
ALTER TABLE ticket_promises FORCE ROW LEVEL SECURITY;
ALTER TABLE tickets FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    for name in NAMES:
        op.add_column("ticket_promises", sa.Column(name, sa.Uuid(), nullable=True))
    execute_script(BACKFILL)
    for name in NAMES:
        op.create_index(
            f"ix_ticket_promises_organisation_id_{name}",
            "ticket_promises",
            ["organisation_id", name],
            unique=False,
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )


def downgrade() -> None:
    for name in NAMES:
        op.drop_index(f"ix_ticket_promises_organisation_id_{name}", table_name="ticket_promises")
        op.drop_column("ticket_promises", name)

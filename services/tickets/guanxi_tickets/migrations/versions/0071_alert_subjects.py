"""Warnings and breaches say whose ticket it was, so that timelines can show them."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import execute_script

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

NAMES = ("account_id", "requester_id")
# Of all organisations at once: row-level security would show none.
BACKFILL = """
ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY;
ALTER TABLE sla_alerts NO FORCE ROW LEVEL SECURITY;
UPDATE sla_alerts AS a SET account_id = t.account_id, requester_id = t.requester_id FROM tickets t
WHERE t.organisation_id = a.organisation_id AND t.id = a.ticket_id;
ALTER TABLE sla_alerts FORCE ROW LEVEL SECURITY;
ALTER TABLE tickets FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    for name in NAMES:
        op.add_column("sla_alerts", sa.Column(name, sa.Uuid(), nullable=True))
    execute_script(BACKFILL)
    for name in NAMES:
        op.create_index(
            f"ix_sla_alerts_organisation_id_{name}",
            "sla_alerts",
            ["organisation_id", name],
            unique=False,
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )


def downgrade() -> None:
    for name in NAMES:
        op.drop_index(f"ix_sla_alerts_organisation_id_{name}", table_name="sla_alerts")
        op.drop_column("sla_alerts", name)

"""Claims go by an index that is theirs alone, whatever Postgres believes of a queue that has just been filled."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import execute_script

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None

WAITS_IN = (
    "CASE WHEN {t}owner_id IS NULL AND {t}deleted_at IS NULL AND {t}status_kind NOT IN ('solved', 'closed')"
    " THEN {t}queue_id END"
)
WAITING = (
    "queue_id IS NOT NULL AND owner_id IS NULL AND deleted_at IS NULL"
    " AND status_kind NOT IN ('solved', 'closed')"
)
TO_ASSIGN = """
CREATE OR REPLACE FUNCTION queues_to_assign(most integer) RETURNS TABLE (organisation_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tickets, pg_temp AS $$
    SELECT q.organisation_id, q.id FROM queues q
    WHERE q.strategy <> 'manual' AND q.deleted_at IS NULL AND EXISTS (
      SELECT 1 FROM tickets t WHERE t.organisation_id = q.organisation_id AND {waits})
    ORDER BY random() LIMIT most
$$;
"""


def upgrade() -> None:
    here = WAITS_IN.format(t="")
    _index(sa.literal_column(f"({here})"), f"({here}) IS NOT NULL")
    execute_script(TO_ASSIGN.format(waits=f"{WAITS_IN.format(t='t.')} = q.id"))


def downgrade() -> None:
    _index("queue_id", WAITING)
    there = "t." + WAITING.replace(" AND ", " AND t.")
    execute_script(TO_ASSIGN.format(waits=f"t.queue_id = q.id AND {there}"))


def _index(queue: Any, where: str) -> None:
    op.drop_index("ix_tickets_waiting", table_name="tickets")
    op.create_index(
        "ix_tickets_waiting",
        "tickets",
        ["organisation_id", queue, "priority_rank", "sla_due_at", "queued_at", "id"],
        unique=False,
        postgresql_where=sa.text(where),
    )

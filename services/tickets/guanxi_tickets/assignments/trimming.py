"""What queues did is forgotten a year later, of tickets that are over: their events still say it."""

from typing import Final
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_tickets.models.queues import IS_GIVEN

KEPT: Final = "365 days"
# The last turn of each agent in each queue stays, whatever its age: by it the next turns go.
TRIMMED: Final = f"""
DELETE FROM ticket_assignments a USING tickets t
WHERE a.organisation_id = $1 AND a.created_at < clock_timestamp() - interval '{KEPT}'
  AND t.organisation_id = $1 AND t.id = a.ticket_id
  AND (t.status_kind IN ('solved', 'closed') OR t.deleted_at IS NOT NULL)
  AND (NOT a.{IS_GIVEN} OR EXISTS (
    SELECT 1 FROM ticket_assignments later WHERE later.organisation_id = $1 AND later.queue_id = a.queue_id
      AND later.assignee_id = a.assignee_id AND later.{IS_GIVEN} AND later.turn > a.turn))
"""


async def trim_assignments(connection: Connection, organisation: UUID) -> None:
    await connection.execute(TRIMMED, organisation)

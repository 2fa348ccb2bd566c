"""Why a ticket is whose it is: what its queues did with it."""

from typing import Any
from uuid import UUID

import orjson

from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_tickets.tickets.resources import TICKETS

ROWS = """
SELECT id::text, queue_id::text, means, assignee_id::text, before_id::text, actor_id::text, reason::text, sentence,
  created_at
FROM ticket_assignments WHERE organisation_id = $2 AND ticket_id = $3 ORDER BY turn DESC LIMIT 200
"""


async def list_assignments(call: Call, ticket_id: UUID) -> list[dict[str, Any]]:
    """The latest first, to those who see the ticket."""
    await reads.find_record(call, TICKETS, ticket_id)
    rows = await call.db.fetch(call.organisation, ROWS, call.organisation, ticket_id)
    return [{**row, "reason": orjson.Fragment(row["reason"])} for row in map(dict, rows)]

"""Numbers of tickets: one after the other within an organisation, none twice and none left out.

The row that holds the last one is locked until the ticket is committed, so that a rollback, or a
connection that dies, gives its number back.
"""

from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred

NEXT = """
INSERT INTO ticket_numbers AS n (organisation_id, last) VALUES ($1, 1)
ON CONFLICT (organisation_id) DO UPDATE SET last = n.last + 1 RETURNING last
"""


async def give_number(connection: Connection | Deferred, organisation: UUID) -> str:
    """To be asked for last, before the insert: others wait for it."""
    return number_of(await connection.fetchval(NEXT, organisation))


def number_of(count: int) -> str:
    return f"TK-{count:06d}"

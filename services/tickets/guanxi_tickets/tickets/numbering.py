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


HOLD = """
INSERT INTO ticket_numbers AS n (organisation_id, last) VALUES ($1, 0)
ON CONFLICT (organisation_id) DO UPDATE SET last = n.last RETURNING last
"""
KEEP = "UPDATE ticket_numbers SET last = $2 WHERE organisation_id = $1"


class Numbers:
    """Many at once: others wait from `held` until the transaction ends. A dry run takes none away."""

    def __init__(self, organisation: UUID, *, is_dry: bool) -> None:
        self._organisation = organisation
        self._is_dry = is_dry
        self._first: int | None = None
        self._last = 0

    async def next(self, connection: Connection) -> str:
        if self._is_dry:
            return number_of(0)
        if self._first is None:
            self._first = self._last = await connection.fetchval(HOLD, self._organisation)
        self._last += 1
        return number_of(self._last)

    async def keep(self, connection: Connection) -> None:
        if self._last != (self._first or 0):
            await connection.execute(KEEP, self._organisation, self._last)


async def give_number(connection: Connection | Deferred, organisation: UUID) -> str:
    """To be asked for last, before the insert: others wait for it."""
    return number_of(await connection.fetchval(NEXT, organisation))


def number_of(count: int) -> str:
    return f"TK-{count:06d}"

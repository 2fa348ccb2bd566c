"""How an organisation works its tickets, as every write of one needs it, read once a second."""

import time
from typing import Final
from uuid import UUID

import orjson

from guanxi_shared.calls import House
from guanxi_shared.db import Database
from guanxi_tickets.ticket_settings.rules import Ways, ways_from

FRESH_SECONDS = 1.0
MOST_ORGANISATIONS = 10_000
NAME: Final = "ticket_ways"

SELECT = """
SELECT states::text, priorities::text FROM ticket_settings WHERE organisation_id = $2 AND id = $2
"""


class KnownWays:
    """The cache of a process; `forget` is called by whoever changes something here."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[UUID, tuple[float, Ways]] = {}
        self._changing: dict[UUID, float] = {}

    async def of(self, organisation: UUID, status: str | None = None) -> Ways:
        """What is remembered; read anew when it lacks a status that is named, for another process may
        have made it just now."""
        now = time.monotonic()
        until, ways = self._known.get(organisation, (0.0, None))
        if ways is not None and until > now and (status is None or status in ways.states):
            return ways
        rows = await self._db.lookup(organisation, SELECT, organisation)
        found = rows[0] if rows else {"states": "[]", "priorities": "{}"}
        ways = ways_from(orjson.loads(found["states"]), orjson.loads(found["priorities"]))
        if len(self._known) >= MOST_ORGANISATIONS:
            self._known.clear()
        if self._changing.get(organisation, 0.0) <= now:
            self._known[organisation] = (now + FRESH_SECONDS, ways)
        return ways

    def forget(self, organisation: UUID) -> None:
        """Called inside the transaction that changes them: what is read before its commit is not
        remembered either."""
        if len(self._changing) >= MOST_ORGANISATIONS:
            self._changing.clear()
        self._changing[organisation] = time.monotonic() + FRESH_SECONDS
        self._known.pop(organisation, None)


def ways_of(house: House) -> KnownWays:
    """Those of the process, made when first asked for."""
    found = house.more.setdefault(NAME, None) or KnownWays(house.db)
    house.more[NAME] = found
    assert isinstance(found, KnownWays)
    return found

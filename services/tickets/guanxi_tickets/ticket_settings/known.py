"""How an organisation works its tickets, as every write of one needs it, read once a second."""

from uuid import UUID

import orjson

from guanxi_shared.calls import Call, House
from guanxi_shared.db import Database
from guanxi_shared.remembered import Remembered, remembered
from guanxi_tickets.ticket_settings.rules import Ways, ways_from

SELECT = """
SELECT states::text, priorities::text, complaints_need_loop, without_entitlement FROM ticket_settings WHERE organisation_id = $2 AND id = $2
"""


def ways_of(house: House) -> Remembered[Ways]:
    return remembered(house, "ticket_ways", _read)


async def known_ways(call: Call, status: str | None = None) -> Ways:
    """The caller's, with the status that is named, if there is one."""

    def lacks(ways: Ways) -> bool:
        return status is not None and status not in ways.states

    return await ways_of(call.house).of(call.organisation, lacks=lacks)


async def _read(db: Database, organisation: UUID) -> Ways:
    rows = await db.lookup(organisation, SELECT, organisation)
    if not rows:
        return ways_from([], {})
    states, priorities, need, without = rows[0].values()
    return ways_from(orjson.loads(states), orjson.loads(priorities), need, without)

"""Who may look into a pool and take from it."""

from typing import Final
from uuid import UUID

from guanxi_contacts.pools.queries import Pool, pools_in_order
from guanxi_shared.calls import Call
from guanxi_shared.errors import Forbidden, NotFound

# Of somebody's teams, and of all teams above them.
TEAMS_ABOVE: Final = """
WITH RECURSIVE above (id) AS (
    SELECT unnest(u.teams) FROM directory_users u WHERE u.organisation_id = $2 AND u.id = $3
    UNION SELECT t.parent_id FROM directory_teams t JOIN above ON t.id = above.id
    WHERE t.organisation_id = $2 AND t.parent_id IS NOT NULL
) SELECT id FROM above
"""


async def open_pool(call: Call, pool_id: UUID) -> tuple[Pool, list[Pool]]:
    """A pool whose records the caller may see, and the pools in order up to it. NotFound without
    such a pool, Forbidden for those who are no members."""
    order = await pools_in_order(call)
    place = next((index for index, pool in enumerate(order) if pool.id == pool_id), None)
    if place is None:
        raise NotFound(f"There is no pool with the id {str(pool_id)!r}.")
    if not await _is_open_to(call, order[place]):
        raise Forbidden("This pool is not open to you; ask who keeps it.", code="not_a_member")
    return order[place], order[: place + 1]


async def _is_open_to(call: Call, pool: Pool) -> bool:
    """Members; everybody who may take at all where no members are named; whoever keeps pools."""
    if call.by.may("pools:create"):
        return True
    if not pool.team_ids and not pool.user_ids:
        return call.by.may("pools:update")
    if call.by.user_id in pool.user_ids:
        return True
    if not pool.team_ids:
        return False
    rows = await call.db.lookup(call.organisation, TEAMS_ABOVE, call.organisation, call.by.user_id)
    return any(row["id"] in pool.team_ids for row in rows)


def person(call: Call) -> UUID:
    """Who claims; a service is nobody who could hold a record."""
    if call.by.user_id is None:
        raise Forbidden("This token names no person.")
    return call.by.user_id

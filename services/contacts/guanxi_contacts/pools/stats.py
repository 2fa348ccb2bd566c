"""How a pool is doing: what waits in it, and what the people whose records one sees hold of it."""

from typing import Any, Final
from uuid import UUID

from guanxi_contacts.pools.members import open_pool
from guanxi_contacts.pools.pooled import count_waiting
from guanxi_contacts.pools.queries import entries
from guanxi_contacts.resources import ACCOUNTS
from guanxi_shared.calls import Call

PEOPLE: Final = """
WITH held AS (
    SELECT d.holder_id AS user_id, count(*) AS held,
           count(*) FILTER (WHERE d.warned_at IS NOT NULL) AS warned
    FROM account_dealings d
    JOIN accounts a ON a.organisation_id = d.organisation_id AND a.id = d.account_id
    WHERE d.organisation_id = $2 AND d.from_pool_id = $3 AND a.deleted_at IS NULL
      AND ($5::uuid[] IS NULL OR d.holder_id = ANY($5)) GROUP BY 1
), claimed AS (
    SELECT c.user_id, c.claims FROM pool_claim_counts c
    WHERE c.organisation_id = $2 AND c.pool_id = $3 AND c.day = $4
      AND ($5::uuid[] IS NULL OR c.user_id = ANY($5))
)
SELECT user_id, coalesce(held, 0) AS held, coalesce(claims, 0) AS claimed_today,
       coalesce(warned, 0) AS warned
FROM held FULL JOIN claimed USING (user_id) ORDER BY held DESC NULLS LAST, user_id LIMIT 1000
"""


async def pool_stats(call: Call, pool_id: UUID) -> dict[str, Any]:
    pool, order = await open_pool(call, pool_id)
    scope = await call.scope(ACCOUNTS.name)
    seen = None if scope.everything else list(scope.owners)
    asked = (call.organisation, pool.id, call.clock.today, seen)
    rows = await call.db.fetch(call.organisation, PEOPLE, *asked)
    sums = {name: sum(row[name] for row in rows) for name in ("held", "claimed_today", "warned")}
    people = [{n: row[n] for n in ("user_id", "held", "claimed_today")} for row in rows]
    waiting = await count_waiting(call, await entries(call, order), pool.id)
    return {"pool_id": pool.id, "waiting": waiting, **sums, "people": people}

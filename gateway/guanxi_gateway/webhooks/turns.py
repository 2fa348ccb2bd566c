"""Whose turn it is: one dispatcher at a time serves an endpoint, for as long as its lease holds.

The lease makes order and the number of requests under way a matter of one process; a dispatcher that dies
leaves it to run out. Whoever has news for an endpoint rings: whatever its dispatcher was about to do, it looks
once more.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from guanxi_shared.db import Connection, Database
from guanxi_shared.deferred import Deferred
from guanxi_shared.identifiers import new_id

DUE = """
SELECT organisation_id, webhook_id FROM webhook_turns
WHERE next_at <= clock_timestamp() AND (leased_until IS NULL OR leased_until <= clock_timestamp())
ORDER BY next_at LIMIT $1
"""
TAKE = """
UPDATE webhook_turns SET lease = $3, leased_until = clock_timestamp() + $4::float8 * interval '1 second', rung = false
WHERE (organisation_id, webhook_id) = (
  SELECT organisation_id, webhook_id FROM webhook_turns WHERE organisation_id = $1 AND webhook_id = $2
    AND next_at <= clock_timestamp() AND (leased_until IS NULL OR leased_until <= clock_timestamp())
  FOR UPDATE SKIP LOCKED)
RETURNING lease
"""
KEEP = """
UPDATE webhook_turns SET leased_until = clock_timestamp() + $4::float8 * interval '1 second'
WHERE organisation_id = $1 AND webhook_id = $2 AND lease = $3 RETURNING lease
"""
END = """
UPDATE webhook_turns SET lease = NULL, leased_until = NULL, waiting_since = (
    SELECT min(queued_at) FROM webhook_deliveries
    WHERE organisation_id = $1 AND webhook_id = $2 AND status = 'waiting'),
  next_at = CASE WHEN rung THEN clock_timestamp() ELSE $4::timestamptz END
WHERE organisation_id = $1 AND webhook_id = $2 AND lease = $3
"""
RING = """
UPDATE webhook_turns SET rung = true, next_at = least(next_at, clock_timestamp())
WHERE organisation_id = $1 AND next_at IS NOT NULL
"""
RING_ONE = """
UPDATE webhook_turns SET rung = true, next_at = clock_timestamp()
WHERE organisation_id = $1 AND webhook_id = $2
"""
REST = "UPDATE webhook_turns SET next_at = NULL WHERE organisation_id = $1 AND webhook_id = $2"


HOLD = """
SELECT webhook_id FROM webhook_turns WHERE organisation_id = $1 AND webhook_id = $2 FOR UPDATE
"""


class LeaseLost(Exception):
    """Another dispatcher serves this endpoint by now."""


async def hold_turn(
    connection: Connection | Deferred, organisation_id: UUID, webhook_id: UUID
) -> None:
    """First in each transaction that changes an endpoint: dispatchers write results in this order, too."""
    await connection.fetchval(HOLD, organisation_id, webhook_id)


async def due_turns(database: Database, most: int) -> list[tuple[UUID, UUID]]:
    """Endpoints of any organisation that nobody serves."""
    async with database.transaction(None) as connection:
        rows = await connection.fetch(DUE, most)
    return [(row["organisation_id"], row["webhook_id"]) for row in rows]


async def take_turn(
    database: Database, organisation_id: UUID, webhook_id: UUID, *, seconds: float
) -> UUID | None:
    """The lease; None where somebody was quicker."""
    async with database.transaction(organisation_id) as connection:
        lease: UUID | None = await connection.fetchval(
            TAKE, organisation_id, webhook_id, new_id(), seconds
        )
    return lease


async def keep_turn(
    database: Database, place: tuple[UUID, UUID], lease: UUID, *, seconds: float
) -> None:
    async with database.transaction(place[0]) as connection:
        if await connection.fetchval(KEEP, *place, lease, seconds) is None:
            raise LeaseLost


async def end_turn(
    database: Database, place: tuple[UUID, UUID], lease: UUID, *, next_at: datetime | None
) -> None:
    async with database.transaction(place[0]) as connection:
        await connection.execute(END, *place, lease, next_at)


async def ring(database: Database, organisations: Sequence[UUID]) -> None:
    """There is news in these organisations; endpoints that are switched off do not hear it."""
    for organisation_id in organisations:
        async with database.transaction(organisation_id) as connection:
            await connection.execute(RING, organisation_id)


async def ring_one(connection: Connection, organisation_id: UUID, webhook_id: UUID) -> None:
    """In the transaction of what there is to do."""
    await connection.execute(RING_ONE, organisation_id, webhook_id)

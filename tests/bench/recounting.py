"""What every open ticket keeps of its clocks, read again: its log, the clock, the ticket and its event, beside
bare updates of the same columns of the same tickets."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from uuid import UUID

import asyncpg
import orjson

from guanxi_shared.calls import Actor
from guanxi_tickets.sla_clocks.refreshing import keep_again
from tests.bench.bench import Bench
from tests.bench.loading import superuser
from tests.bench.report import Row
from tests.bench.stock import TICKETS
from tests.bench.ticket_stock import CALENDAR_ID, POLICY_ID

AT_ONCE = 500
ACTOR = Actor(id=None, kind="service", channel="bench")
BEGUN = """
INSERT INTO events (organisation_id, id, type, subject_type, subject_id, version, actor_kind, channel, changed, after,
  owner_id, team_id, occurred_at)
SELECT organisation_id, gen_random_uuid(), 'tickets.ticket.created', 'ticket', id, 1, 'service', 'bench', '{}',
  as_shown::jsonb, owner_id, team_id, now() - interval '1 minute'
FROM tickets WHERE organisation_id = $1 AND number LIKE 'B-%'
"""
PROMISED = """
UPDATE tickets SET sla_policy_id = $2, sla_policy_version = 1, sla_calendar_id = $3, sla_calendar_version = 1, sla = NULL
WHERE organisation_id = $1 AND number LIKE 'B-%'
"""
IDS = "SELECT id FROM tickets WHERE organisation_id = $1 AND number LIKE 'B-%' AND version = 1 ORDER BY id"
BOUND = "SELECT set_config('app.organisation_id', $1, true)"
BARE = """
UPDATE tickets t SET sla = n.sla, sla_due_at = n.sla_due_at, sla_breached = n.sla_breached, sla_next_at = n.sla_next_at,
  as_shown = n.as_shown, version = t.version + 1, updated_at = n.updated_at
FROM jsonb_to_recordset($2::text::jsonb) AS n (id uuid, sla jsonb, sla_due_at timestamptz, sla_breached text[],
  sla_next_at timestamptz, as_shown text, updated_at timestamptz)
WHERE t.organisation_id = $1 AND t.id = n.id
"""
WRITTEN = """
SELECT id, sla, sla_due_at, sla_breached, sla_next_at + interval '1 second' AS sla_next_at, as_shown, updated_at FROM tickets
WHERE organisation_id = $1 AND id = ANY($2::uuid[])
"""


def measure_recounting(bench: Bench) -> Iterator[Row]:
    """The last of the rows of tickets: afterwards they are under a policy and have a log."""
    ours, bare, count = asyncio.run(_measured(bench))
    yield Row(
        f"sla: recomputation of {count:,} open tickets", count / ours, "/s", share=bare / ours,
        of=f"as many bare UPDATEs of the same columns ({ours:.1f} s, they {bare:.1f} s)",
        note="the log read, the clock, a new version with its event, 500 at once",
    )  # fmt: skip


async def _measured(bench: Bench) -> tuple[float, float, int]:
    """Seconds of either, page by page in turns, and how many tickets."""
    organisation = bench.organisation.id
    ours = bare = 0.0
    async with superuser(bench.suite.admin_url, TICKETS) as connection:
        await connection.execute(BEGUN, organisation)
        await connection.execute(PROMISED, organisation, POLICY_ID, CALENDAR_ID)
        await connection.execute("VACUUM (ANALYZE) tickets")
        await connection.execute("CHECKPOINT")
        ids = [row["id"] for row in await connection.fetch(IDS, organisation)]
        await connection.execute("SET ROLE tickets")
        for first in range(0, len(ids), AT_ONCE):
            page = ids[first : first + AT_ONCE]
            ours += await _kept_again(connection, organisation, page)
            bare += await _updated(connection, organisation, page)
    return ours, bare, len(ids)


async def _kept_again(
    connection: asyncpg.Connection, organisation: UUID, page: Sequence[UUID]
) -> float:
    began = time.perf_counter()
    async with connection.transaction():
        await connection.execute(BOUND, str(organisation))
        states = await keep_again(connection, page, actor=ACTOR)
    seconds = time.perf_counter() - began
    if any(state["version"] != 2 or state["sla"] is None for state in states.values()):
        raise RuntimeError("a ticket was not written")
    return seconds


async def _updated(
    connection: asyncpg.Connection, organisation: UUID, page: Sequence[UUID]
) -> float:
    async with connection.transaction():
        await connection.execute(BOUND, str(organisation))
        rows = [dict(row) for row in await connection.fetch(WRITTEN, organisation, page)]
    for row in rows:
        row |= {"id": str(row["id"]), "sla": orjson.Fragment(row["sla"])}
    sent = orjson.dumps(rows).decode()
    began = time.perf_counter()
    async with connection.transaction():
        await connection.execute(BOUND, str(organisation))
        done = await connection.execute(BARE, organisation, sent)
    seconds = time.perf_counter() - began
    if done != f"UPDATE {len(page)}":
        raise RuntimeError(done)
    return seconds

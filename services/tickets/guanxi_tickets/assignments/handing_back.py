"""When an agent's shift ends: what is new or open of theirs goes where its queue says, once.

An agent keeps when the shift ends, in an index over all; a tick looks at those that have. What becomes of
the tickets and when the next shift ends are written in one transaction, under the agent's lock.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_shared import logs
from guanxi_shared.db import Connection, Database
from guanxi_shared.many_records import loaded_from
from guanxi_shared.records import Loaded
from guanxi_shared.running_jobs import PASSING
from guanxi_shared.schedules import schedule
from guanxi_tickets.agents.shift_rules import calendar_of, is_on_shift, shift_ends_at
from guanxi_tickets.assignments.candidates import (
    QueueNow,
    hold_loads,
    members_of,
    queue_now,
    team_of,
)
from guanxi_tickets.assignments.giving import Given, decided, write_given
from guanxi_tickets.assignments.keeping import Assigned
from guanxi_tickets.tickets.resources import TICKETS

DUE: Final = "SELECT organisation_id, id FROM shifts_that_ended($1)"
AT_ONCE: Final = 100
AGENT = """
SELECT id, owner_id, shifts::text AS shifts, shift_ends_at FROM agents
WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL AND shift_ends_at <= now() FOR UPDATE SKIP LOCKED
"""
NEXT_END = "UPDATE agents SET shift_ends_at = $3 WHERE organisation_id = $1 AND id = $2"
THEIRS = """
FROM tickets t JOIN queues q ON q.organisation_id = t.organisation_id AND q.id = t.queue_id
WHERE t.organisation_id = $1 AND t.owner_id = $2 AND t.status_kind IN ('new', 'open') AND t.deleted_at IS NULL
  AND q.deleted_at IS NULL AND q.on_shift_end <> 'keep'
"""
QUEUES = f"SELECT DISTINCT t.queue_id {THEIRS}"
TICKETS_HELD = (
    f"SELECT t.* {THEIRS} AND t.queue_id = ANY($3::uuid[]) ORDER BY t.id FOR NO KEY UPDATE OF t"
)
BACK: Final = "Back into the queue: the shift has ended."
NOBODY: Final = "Back into the queue: the shift has ended, and nobody else may have it now."


@schedule("* * * * * */5", name="end-shifts")
async def end_shifts(database: Database) -> None:
    while True:
        async with database.transaction(None) as connection:
            due = await connection.fetch(DUE, AT_ONCE)
        ended = [await _ended(database, row["organisation_id"], row["id"]) for row in due]
        if not any(ended):
            return


async def _ended(database: Database, organisation: UUID, agent_id: UUID) -> bool:
    """One whose end cannot be written is told of in the log and holds up no other."""
    try:
        return await end_shift(database, organisation, agent_id)
    except PASSING:
        raise
    except Exception as error:
        LOG.error("shift not ended", agent_id=str(agent_id), exc_info=error)
        return False


async def end_shift(database: Database, organisation: UUID, agent_id: UUID) -> bool:
    """Whether there was still one to end. Who is on the next shift by now keeps everything."""
    async with database.transaction(organisation) as connection:
        agent = await connection.fetchrow(AGENT, organisation, agent_id)
        if agent is None:
            return False
        now = datetime.now(UTC)
        calendar = calendar_of(orjson.loads(agent["shifts"]))
        if not is_on_shift(calendar, now):
            await _hand_back(connection, organisation, agent["owner_id"], now)
        await connection.execute(NEXT_END, organisation, agent_id, shift_ends_at(calendar, now))
        return True


async def _hand_back(connection: Connection, organisation: UUID, user: UUID, now: datetime) -> None:
    """Locks of agents first, then those of the tickets."""
    rows = await connection.fetch(QUEUES, organisation, user)
    found = [await queue_now(connection, organisation, row["queue_id"]) for row in rows]
    queues = {queue.id: queue for queue in found if queue is not None}
    held = {user}
    for queue in queues.values():
        held.update(await members_of(connection, organisation, queue.team_id))
    await hold_loads(connection, organisation, held)
    records = await connection.fetch(TICKETS_HELD, organisation, user, list(queues))
    tickets = [loaded_from(TICKETS, record) for record in records]
    for queue in queues.values():
        own = [ticket for ticket in tickets if ticket.row["queue_id"] == queue.id]
        await _leave(connection, organisation, queue, own, held - {user}, now)


async def _leave(
    connection: Connection, organisation: UUID, queue: QueueNow, tickets: list[Loaded],
    others: set[UUID], now: datetime,
) -> None:  # fmt: skip
    handed: Given = []
    if queue.on_shift_end == "hand_over":
        team = await team_of(connection, organisation, queue, now)
        candidates = [m.candidate for m in team if m.candidate.user_id in others]
        strategy = "least_loaded" if queue.strategy == "manual" else queue.strategy
        handed = decided(queue, strategy, tickets, candidates, means="hand_over")
    sentence = NOBODY if queue.on_shift_end == "hand_over" else BACK
    returned = [(ticket, _returned(ticket.row, sentence, now)) for ticket in tickets[len(handed) :]]
    await write_given(connection, organisation, handed + returned)


def _returned(row: Mapping[str, Any], sentence: str, now: datetime) -> Assigned:
    return Assigned(
        row["id"], row["queue_id"], "return", None, sentence, now, before_id=row["owner_id"]
    )


LOG = logs.logger("queues")

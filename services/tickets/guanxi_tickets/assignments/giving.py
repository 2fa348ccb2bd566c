"""Queues that assign by themselves: a worker looks at those in which something waits, and gives it away.

One worker at a time serves a queue; what it decides is written with the locks of the agents and of the
tickets held, so that each ticket is given once, whoever else works or claims, and whatever dies.
"""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from guanxi_shared import logs
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection, Database
from guanxi_shared.many_records import Change, loaded_from, write_many
from guanxi_shared.records import Loaded
from guanxi_shared.running_jobs import PASSING
from guanxi_shared.schedules import schedule
from guanxi_tickets.assignments.candidates import (
    QueueNow,
    hold_loads,
    members_of,
    queue_now,
    team_of,
)
from guanxi_tickets.assignments.choice_rules import Candidate, choose, given, refusal_of
from guanxi_tickets.assignments.claiming import NEXT_FREE
from guanxi_tickets.assignments.keeping import Assigned, keep_assignments
from guanxi_tickets.tickets.handing import let_follow
from guanxi_tickets.tickets.queue_rules import placed
from guanxi_tickets.tickets.resources import TICKETS

DUE: Final = "SELECT organisation_id, id FROM queues_to_assign($1)"
SERVING: Final = (
    "SELECT pg_try_advisory_xact_lock(hashtextextended('queue ' || $1::text || $2::text, 0))"
)
QUEUES_AT_ONCE, TICKETS_AT_ONCE = 200, 50
ACTOR: Final = Actor(id=None, kind="service", channel="queues")
Given = list[tuple[Loaded, Assigned]]


@schedule("* * * * * */2", name="assign-from-queues")
async def assign_from_queues(database: Database) -> None:
    async with database.transaction(None) as connection:
        due = await connection.fetch(DUE, QUEUES_AT_ONCE)
    for row in due:
        await _served(database, row["organisation_id"], row["id"])


async def _served(database: Database, organisation: UUID, queue_id: UUID) -> None:
    """A queue that cannot be served is told of in the log and holds up no other."""
    try:
        while await serve_queue(database, organisation, queue_id) == TICKETS_AT_ONCE:
            pass
    except PASSING:
        raise
    except Exception as error:
        LOG.error("queue passed over", queue_id=str(queue_id), exc_info=error)


async def serve_queue(database: Database, organisation: UUID, queue_id: UUID) -> int:
    """How many tickets were given, at most so many at once."""
    async with database.transaction(organisation) as connection:
        if not await connection.fetchval(SERVING, str(organisation), str(queue_id)):
            return 0  # another worker does
        queue = await queue_now(connection, organisation, queue_id)
        if queue is None or queue.strategy == "manual":
            return 0
        candidates = await held_candidates(connection, organisation, queue)
        if not any(c.is_at_work and refusal_of(queue.needs, c) is None for c in candidates):
            return 0
        rows = await connection.fetch(NEXT_FREE, organisation, queue_id, TICKETS_AT_ONCE)
        waiting = [loaded_from(TICKETS, row) for row in rows]
        chosen = decided(queue, queue.strategy, waiting, candidates, means=queue.strategy)
        await write_given(connection, organisation, chosen)
        return len(chosen)


async def held_candidates(
    connection: Connection, organisation: UUID, queue: QueueNow
) -> list[Candidate]:
    """The agents of its team, whose loads stay as they are read until the transaction ends."""
    members = await members_of(connection, organisation, queue.team_id)
    await hold_loads(connection, organisation, members)
    team = await team_of(connection, organisation, queue, datetime.now(UTC))
    return [each.candidate for each in team if each.candidate.user_id in members]


def decided(
    queue: QueueNow, strategy: str, tickets: list[Loaded], candidates: list[Candidate], *, means: str
) -> Given:  # fmt: skip
    """One after the other, each counted with those before it; the rest when nobody may have more."""
    found: Given = []
    known = {candidate.user_id: candidate for candidate in candidates}
    turn = max((candidate.turn for candidate in candidates), default=0)
    for ticket in tickets:
        choice = choose(strategy, queue.needs, candidates)
        if choice is None:
            break
        turn += 1
        given(known[choice.user_id], turn)
        assigned = Assigned(
            ticket.id, queue.id, means, choice, choice.sentence, datetime.now(UTC),
            before_id=ticket.row["owner_id"],
        )  # fmt: skip
        found.append((ticket, assigned))
    return found


async def write_given(connection: Connection, organisation: UUID, found: Given) -> None:
    """The tickets with their events, what hangs on them, and why."""
    changes = []
    for ticket, assigned in found:
        owner = assigned.choice.user_id if assigned.choice is not None else None
        columns = placed(ticket.row, {"owner_id": owner}, assigned.at)
        changes.append(Change(ticket, columns, verb="assigned", more=assigned.told))
    await write_many(connection, TICKETS, changes, actor=ACTOR)
    for ticket, _ in found:
        await let_follow(connection, ticket.row)
    await keep_assignments(connection, organisation, [assigned for _, assigned in found])


LOG = logs.logger("queues")

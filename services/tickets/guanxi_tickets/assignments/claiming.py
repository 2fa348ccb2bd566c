"""Agents take tickets themselves: the next one of a queue, or a certain one."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, Forbidden, NotFound
from guanxi_shared.many_records import loaded_from
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_tickets.assignments.candidates import QueueNow, claiming, hold_loads
from guanxi_tickets.assignments.choice_rules import Candidate, Choice, Needs, limit_of, refusal_of
from guanxi_tickets.assignments.keeping import Assigned, keep_assignments
from guanxi_tickets.errors import (
    LoadLimitReached,
    NeedsUnmet,
    NothingWaits,
    NotYourQueue,
    TicketOver,
    TicketTaken,
)
from guanxi_tickets.models.tickets import WAITS_IN
from guanxi_tickets.ticket_settings.rules import ENDING
from guanxi_tickets.tickets.handing import let_follow
from guanxi_tickets.tickets.queue_rules import placed
from guanxi_tickets.tickets.resources import TICKETS
from guanxi_tickets.tickets.service import load_ticket

# The most pressing first: priority, then what is due, then age.
ORDER: Final = "priority_rank, sla_due_at, queued_at, id"
NEXT: Final = (
    f"SELECT * FROM tickets WHERE organisation_id = $1 AND {WAITS_IN} = $2"
    f" ORDER BY {ORDER} LIMIT $3 FOR NO KEY UPDATE"
)
NEXT_FREE: Final = f"{NEXT} SKIP LOCKED"


async def claim_next(call: Call, connection: Connection, queue_id: UUID) -> State:
    """NothingWaits only when nothing does: where all that waits is held by others, theirs is awaited."""
    user = await _hold(call, connection)
    queue, claimer = await claiming(connection, call.organisation, queue_id, user)
    if queue is None:
        raise NotFound(f"There is no queue with the id {str(queue_id)!r}.")
    await demand_sight(call, queue)
    _demand(queue.needs, claimer)
    asked = (call.organisation, queue_id, 1)
    row = await connection.fetchrow(NEXT_FREE, *asked) or await connection.fetchrow(NEXT, *asked)
    if row is None:
        raise NothingWaits("Nothing waits in this queue.")
    return await _take(call, connection, loaded_from(TICKETS, row), queue.needs, claimer)


async def claim_ticket(
    call: Call, connection: Connection, ticket_id: UUID, version: int | None
) -> State:
    """One that one has already stays as it is."""
    user = await _hold(call, connection)
    ticket = await load_ticket(call, connection, ticket_id)
    await check_version(connection, TICKETS, ticket, version)
    if ticket.row["owner_id"] == user:
        return TICKETS.state(ticket.row, ticket.computed)
    if ticket.row["owner_id"] is not None:
        raise TicketTaken("Somebody has it already.", errors={"assignee_id": "Ask them for it."})
    if ticket.row["status_kind"] in ENDING:
        raise TicketOver(f"The ticket is {ticket.row['status']}; open it again first.")
    queue, claimer = await claiming(connection, call.organisation, ticket.row["queue_id"], user)
    needs = queue.needs if queue is not None else Needs()
    _demand(needs, claimer)
    return await _take(call, connection, ticket, needs, claimer)


async def demand_sight(call: Call, queue: QueueNow) -> None:
    """Whoever sees the tickets of its team."""
    scope = await call.scope(TICKETS.name)
    if not scope.everything and queue.team_id not in scope.teams:
        raise NotYourQueue("The queue is of a team whose tickets you do not see.")


async def _hold(call: Call, connection: Connection) -> UUID:
    user = call.by.user_id
    if user is None:
        raise Forbidden("This token names no person, who could have tickets.")
    await hold_loads(connection, call.organisation, [user])
    return user


def _demand(needs: Needs, claimer: Candidate) -> None:
    refusal = refusal_of(needs, claimer)
    if refusal is None:
        return
    problem: type[Conflict] = LoadLimitReached if refusal.what == "load_limit" else NeedsUnmet
    raise problem(refusal.sentence)


async def _take(
    call: Call, connection: Connection, ticket: Loaded, needs: Needs, claimer: Candidate
) -> State:
    now, row = datetime.now(UTC), ticket.row
    limit = limit_of(needs, claimer)
    load = f"{claimer.load} open" + (f" of at most {limit}" if limit is not None else "")
    reason = {"load": claimer.load, "load_limit": limit}
    assigned = Assigned(
        ticket.id, row["queue_id"], "claim", Choice(claimer.user_id, reason, ""),
        f"Claimed with {load}.", now, actor_id=claimer.user_id,
    )  # fmt: skip
    changes = placed(row, {"owner_id": claimer.user_id}, now)
    state = await records.update_record(
        connection, TICKETS, ticket, changes, actor=call.actor, verb="assigned", more=assigned.told,
        at=now,
    )  # fmt: skip
    await let_follow(connection, ticket.row)
    await keep_assignments(connection, call.organisation, [assigned])
    return state

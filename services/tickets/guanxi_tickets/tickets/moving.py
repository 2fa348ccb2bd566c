"""Moves from state to state."""

from datetime import UTC, datetime
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Actor, Call
from guanxi_shared.db import Connection
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_tickets.complaints.rounds import let_rounds_follow
from guanxi_tickets.queues.routing import left_queue
from guanxi_tickets.sla_clocks.keeping import kept_with
from guanxi_tickets.ticket_settings.known import known_ways
from guanxi_tickets.ticket_settings.rules import ENDING, TicketState, Ways
from guanxi_tickets.tickets import state_rules
from guanxi_tickets.tickets.resources import TICKETS
from guanxi_tickets.tickets.schemas import Move


async def move_ticket(
    call: Call, connection: Connection, ticket_id: UUID, data: Move, version: int | None
) -> State:
    """To where it stands already is no move, and changes nothing."""
    scope = await call.scope(TICKETS.name)
    loaded = await records.load_record(connection, TICKETS, ticket_id, scope=scope)
    await check_version(connection, TICKETS, loaded, version)
    ways = await known_ways(call, data.status)
    to = ways.state(data.status)
    if to.key == loaded.row["status"]:
        return TICKETS.state(loaded.row, loaded.computed)
    state_rules.demand_move(ways, loaded.row, to)
    return await move_to_state(connection, loaded, to, ways=ways, actor=call.actor)


async def move_to_state(
    connection: Connection, loaded: Loaded, to: TicketState, *, ways: Ways, actor: Actor
) -> State:
    """Whatever moves a ticket comes through here; whether it may is decided before, but for what a
    complaint's loop still needs (LoopIncomplete)."""
    now = datetime.now(UTC)
    verb = state_rules.verb_of(loaded.row["status_kind"], to.kind)
    changes = state_rules.changes_of(loaded.row, to, now)
    ends = (loaded.row["status_kind"] in ENDING) != (to.kind in ENDING)
    if verb == "reopened":
        changes |= await left_queue(connection, loaded.row)
    if verb in ENDING or to.kind not in ENDING:
        changes["survey_due_at"] = now if verb in ENDING else None
    changes = await kept_with(connection, loaded.row, changes, now, verb=verb)
    state = await records.update_record(
        connection, TICKETS, loaded, changes, actor=actor, verb=verb, at=now
    )
    if ends:
        need = ways.complaints_need_loop
        await let_rounds_follow(connection, loaded.row, need=need, now=now, actor=actor)
    return state

"""Use cases of promises: made, kept, withdrawn; read with their clocks."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from guanxi_shared import reads, records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, NotFound
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version
from guanxi_tickets.errors import PromiseOver, TicketOver
from guanxi_tickets.promises.resources import PROMISES
from guanxi_tickets.promises.schemas import PromiseCreate
from guanxi_tickets.sla_clocks.keeping import clocks_of, kept_after
from guanxi_tickets.sla_clocks.promised import promised_row
from guanxi_tickets.sla_clocks.writing import write_kept
from guanxi_tickets.ticket_settings.rules import ENDING
from guanxi_tickets.tickets.resources import TICKETS
from guanxi_tickets.tickets.service import load_ticket

LONGEST: Final = timedelta(days=366)
OF_TICKET = """
SELECT id FROM ticket_promises WHERE organisation_id = $1 AND ticket_id = $2 ORDER BY created_at, id
"""
ROWS = """
SELECT id::text, ticket_id::text, account_id::text, requester_id::text, body, due_at, author_id::text, outcome, ended_at, reason, version, created_at, updated_at
FROM ticket_promises WHERE organisation_id = $1 AND ticket_id = $2 ORDER BY created_at, id
"""


async def make_promise(
    call: Call, connection: Connection, ticket_id: UUID, data: PromiseCreate
) -> State:
    """Another promise takes the place of one that is under way."""
    ticket, now = await load_ticket(call, connection, ticket_id), datetime.now(UTC)
    _demand_open(ticket)
    if not now < data.due_at <= now + LONGEST:
        sentence = "Send an instant that is to come, within a year."
        raise Invalid(f"due_at: {sentence}", errors={"due_at": sentence})
    columns = {
        **data.model_dump(), "organisation_id": call.organisation,
        "id": new_id(), "ticket_id": ticket_id, "author_id": call.by.user_id,
        "account_id": ticket.row["account_id"], "requester_id": ticket.row["requester_id"],
        "owner_id": ticket.row["owner_id"], "team_id": ticket.row["team_id"],
        "created_at": now, "updated_at": now,
    }  # fmt: skip
    state = await records.insert_record(
        connection, PROMISES, columns, actor=call.actor, verb="made"
    )
    await _let_ticket_follow(call, connection, ticket, now)
    return state


async def end_promise(
    call: Call, connection: Connection, place: tuple[UUID, UUID], outcome: str, version: int | None,
    *, reason: str | None = None,
) -> State:  # fmt: skip
    """`place`: the ticket and the promise; one that nothing else has ended. It ends no earlier than it was
    made, though that was by a clock that goes before this one."""
    ticket = await load_ticket(call, connection, place[0])
    promise = await _load(connection, place)
    now = max(datetime.now(UTC), promise.row["created_at"])
    await check_version(connection, PROMISES, promise, version)
    ids = [row["id"] for row in await connection.fetch(OF_TICKET, call.organisation, place[0])]
    clocks = await clocks_of(connection, ticket.row, now)
    clock = next(
        r for r in clocks.readings if r.kind == "promise" and r.number == ids.index(promise.id) + 1
    )
    if clock.ended_at is not None:
        raise PromiseOver(f"This promise is over: {clock.state}.")
    changes = {"outcome": outcome, "ended_at": now, "reason": reason}
    state = await records.update_record(
        connection, PROMISES, promise, changes, actor=call.actor, verb=outcome, at=now
    )
    await _let_ticket_follow(call, connection, ticket, now)
    return state


async def list_promises(call: Call, ticket_id: UUID) -> list[dict[str, Any]]:
    """All of a ticket, the oldest first: the n-th promise is the n-th run of its clock. Clocks are read
    after the promises, and may know one more that was made meanwhile."""
    await reads.find_record(call, TICKETS, ticket_id)
    async with call.db.transaction(call.organisation) as connection:
        asked = (call.organisation, ticket_id)
        rows = [dict(row) for row in await connection.fetch(ROWS, *asked)]
        ticket = await promised_row(connection, *asked)
        clocks = await clocks_of(connection, ticket, datetime.now(UTC)) if rows else None
    if clocks is None:
        return []
    runs = [reading for reading in clocks.readings if reading.kind == "promise" and reading.number]
    return [
        {**row, "state": run.state, "met_at": run.met_at, "breached_at": run.breached_at}
        for row, run in zip(rows, runs, strict=False)
    ]


async def _load(connection: Connection, place: tuple[UUID, UUID]) -> Loaded:
    """Who sees its ticket sees it: that is decided there."""
    promise = await records.load_record(connection, PROMISES, place[1], scope=EVERYTHING)
    if promise.row["ticket_id"] != place[0]:
        raise NotFound(f"There is no promise with the id {str(place[1])!r}.")
    return promise


def _demand_open(ticket: Loaded) -> None:
    if ticket.row["status_kind"] in ENDING:
        raise TicketOver(f"The ticket is {ticket.row['status']}; open it again first.")


async def _let_ticket_follow(
    call: Call, connection: Connection, ticket: Loaded, now: datetime
) -> None:
    kept: Mapping[str, Any] = await kept_after(connection, ticket.row, now)
    await write_kept(connection, ticket, {}, kept, now=now, actor=call.actor, verb="updated")

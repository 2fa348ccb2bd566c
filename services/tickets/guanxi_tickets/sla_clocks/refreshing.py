"""What tickets keep of their clocks, after replies went from one to another."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.records import State
from guanxi_shared.visibility import EVERYTHING
from guanxi_tickets.sla_clocks.keeping import kept_after_a_reply
from guanxi_tickets.sla_clocks.writing import write_kept
from guanxi_tickets.tickets.resources import TICKETS


async def keep_again(
    connection: Connection, ticket_ids: Iterable[UUID], *, actor: Actor
) -> dict[UUID, State]:
    """The tickets as they are shown then; their locks are held already."""
    states = {}
    for ticket_id in ticket_ids:
        ticket = await records.load_record(connection, TICKETS, ticket_id, scope=EVERYTHING)
        now = datetime.now(UTC)
        kept = await kept_after_a_reply(connection, ticket.row, now)
        await write_kept(connection, ticket, {}, kept, now=now, actor=actor, verb="updated")
        states[ticket_id] = TICKETS.state(ticket.row, ticket.computed)
    return states

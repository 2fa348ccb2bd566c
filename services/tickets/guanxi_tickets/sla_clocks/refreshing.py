"""What tickets keep of their clocks, from everything that is stored: after replies went from one to another,
or for whoever wants it read again."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.many_records import load_many
from guanxi_shared.records import State
from guanxi_tickets.sla_clocks.keeping import clocks_of_many, is_timed
from guanxi_tickets.sla_clocks.writing import Kept, write_all_kept
from guanxi_tickets.tickets.resources import TICKETS

Changing = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def _nothing(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {}


async def keep_again(
    connection: Connection, ticket_ids: Iterable[UUID], *, actor: Actor,
    changes_of: Changing = _nothing,
) -> dict[UUID, State]:  # fmt: skip
    """The tickets of one organisation as they are shown then, in a few statements however many they are.
    `changes_of` a stored ticket go into the same version, a new one only of those of which something that
    is shown is new."""
    tickets = await load_many(connection, TICKETS, ticket_ids)
    if not tickets:
        return {}
    now, rows = datetime.now(UTC), [each.row for each in tickets.values()]
    clocks = await clocks_of_many(connection, [row for row in rows if is_timed(row)], now)
    all_kept = []
    for id, ticket in tickets.items():
        kept = clocks[id].kept(now, untold=ticket.row["sla_next_at"]) if id in clocks else {}
        all_kept.append(Kept(ticket, changes_of(ticket.row), kept, "updated"))
    organisation = rows[0]["organisation_id"]
    await write_all_kept(connection, organisation, all_kept, now=now, actor=actor)
    return {id: TICKETS.state(each.row, each.computed) for id, each in tickets.items()}

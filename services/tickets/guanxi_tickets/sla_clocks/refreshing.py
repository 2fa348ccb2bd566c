"""What tickets keep of their clocks, from everything that is stored: after replies went from one to another,
or for whoever wants it read again."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.records import State
from guanxi_tickets.sla_clocks.keeping import clocks_of_many, is_timed
from guanxi_tickets.sla_clocks.writing import look_again_at
from guanxi_tickets.tickets.resources import TICKETS


async def keep_again(
    connection: Connection, ticket_ids: Iterable[UUID], *, actor: Actor
) -> dict[UUID, State]:
    """The tickets of one organisation as they are shown then, in a few statements however many they are.
    A new version only of those of which something that is shown is new."""
    tickets = await load_many(connection, TICKETS, ticket_ids)
    now = datetime.now(UTC)
    timed = [each.row for each in tickets.values() if is_timed(each.row)]
    clocks = await clocks_of_many(connection, timed, now)
    changes: list[Change] = []
    later: dict[UUID, Any] = {}
    for id, read in clocks.items():
        row = tickets[id].row
        kept = read.kept(now, untold=row["sla_next_at"])
        if kept["sla"] != row["sla"]:
            changes.append(Change(tickets[id], kept))
        elif kept["sla_next_at"] != row["sla_next_at"]:
            later[id] = kept["sla_next_at"]
    await write_many(connection, TICKETS, changes, actor=actor)
    if later:
        await look_again_at(connection, timed[0]["organisation_id"], later)
    return {id: TICKETS.state(each.row, each.computed) for id, each in tickets.items()}

"""The ticket, written with what it keeps of its clocks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.many_records import Change, write_many
from guanxi_shared.records import Loaded
from guanxi_tickets.tickets.resources import TICKETS

LOOK_AGAIN = """
UPDATE tickets t SET sla_next_at = later.at FROM unnest($2::uuid[], $3::timestamptz[]) AS later (id, at)
WHERE t.organisation_id = $1 AND t.id = later.id
"""


async def write_kept(
    connection: Connection, ticket: Loaded, changes: Mapping[str, Any], kept: Mapping[str, Any], *,
    now: datetime, actor: Actor, verb: str,
) -> None:  # fmt: skip
    """A new version of the ticket only where something that is shown is new."""
    row = ticket.row
    if changes or (kept and kept["sla"] != row["sla"]):
        await records.update_record(
            connection, TICKETS, ticket, {**changes, **kept}, actor=actor, verb=verb, at=now
        )
    elif kept and kept["sla_next_at"] != row["sla_next_at"]:
        await look_again_at(connection, row["organisation_id"], {ticket.id: kept["sla_next_at"]})


class Kept(NamedTuple):
    """What becomes of a ticket, with what it keeps of its clocks then."""

    ticket: Loaded
    changes: Mapping[str, Any]
    kept: Mapping[str, Any]
    verb: str


async def write_all_kept(
    connection: Connection, organisation: UUID, all_kept: Sequence[Kept], *, now: datetime,
    actor: Actor,
) -> None:  # fmt: skip
    """The same of many: as many statements as for one."""
    written, later = [], dict[UUID, datetime | None]()
    for ticket, changes, kept, verb in all_kept:
        if changes or (kept and kept["sla"] != ticket.row["sla"]):
            written.append(Change(ticket, {**changes, **kept}, verb=verb, at=now))
        elif kept and kept["sla_next_at"] != ticket.row["sla_next_at"]:
            later[ticket.id] = kept["sla_next_at"]
    await write_many(connection, TICKETS, written, actor=actor)
    if later:
        await look_again_at(connection, organisation, later)


async def look_again_at(
    connection: Connection, organisation: UUID, later: Mapping[UUID, datetime | None]
) -> None:
    """Nothing of the tickets but when a worker looks at them next."""
    await connection.execute(LOOK_AGAIN, organisation, list(later), list(later.values()))

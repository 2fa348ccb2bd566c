"""Into which queue a ticket goes: a new one by the queues' filters, any one by hand."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import Invalid, UnknownReference
from guanxi_tickets.queues.known import queues_of
from guanxi_tickets.tickets.fitting import first_fitting_each
from guanxi_tickets.tickets.queue_rules import OUT

# Held until the ticket stands, so that nobody puts the queue away meanwhile.
HELD = """
SELECT team_id FROM queues WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL FOR SHARE
"""


HELD_EACH = """
SELECT id FROM queues WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND deleted_at IS NULL
ORDER BY id FOR SHARE
"""


async def routed(
    call: Call, connection: Connection | Deferred, row: Mapping[str, Any]
) -> dict[str, Any]:
    """The columns of a new ticket that the first queue takes whose filter it fits; none where none does.
    Whoever makes tickets asks this, with or without a user: `call` is asked for the organisation's fields
    and clock alone."""
    return (await routed_each(call, connection, [row]))[0]


async def routed_each(
    call: Call, connection: Connection | Deferred, rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The same of each, asked once for all of them."""
    queues = await queues_of(call.house).of(call.organisation)
    if not (queues and rows):
        return [{} for _ in rows]
    unplaced = [{**row, "owner_id": None, "team_id": None} for row in rows]
    documents = [each.filter_groups for each in queues]
    places = await first_fitting_each(call, connection, unplaced, documents)
    wanted = {queues[place].id for place in places if place is not None}
    if not wanted:
        return [{} for _ in rows]
    held = await connection.fetch(HELD_EACH, call.organisation, sorted(wanted))
    there = {each["id"] for each in held}  # the others were put away a moment ago
    return [
        {"queue_id": queues[place].id, "team_id": queues[place].team_id, "owner_id": None}
        if place is not None and queues[place].id in there
        else {}
        for place in places
    ]


async def put_by_hand(
    call: Call, connection: Connection | Deferred, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """The team that comes with a queue that is named; Invalid with another team beside it."""
    queue_id: UUID | None = changes.get("queue_id")
    if queue_id is None:
        return {}
    team = await connection.fetchval(HELD, call.organisation, queue_id)
    if team is None:
        raise UnknownReference(
            "queue_id names no queue.", errors={"queue_id": "There is no such queue."}
        )
    if changes.get("team_id", team) != team:
        raise Invalid(
            "A ticket in a queue is the queue's team's.", code="other_team",
            errors={"team_id": "Leave it out, or send the queue's."},
        )  # fmt: skip
    return {"team_id": team}


async def left_queue(connection: Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a ticket that comes back, or is to be worked on again, after its queue was put away."""
    queue_id = row["queue_id"]
    if queue_id is None:
        return {}
    team = await connection.fetchval(HELD, row["organisation_id"], queue_id)
    return dict(OUT) if team is None else {}

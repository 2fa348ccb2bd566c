"""Answers go where their ticket goes in a merge, and back; their invitations stay where somebody was asked."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_shared.many_records import load_many
from guanxi_shared.records import Loaded
from guanxi_shared.resources import Resource
from guanxi_tickets.comments.moving import Placed
from guanxi_tickets.merges.keeping import Move
from guanxi_tickets.survey_answers.resources import ANSWERS

OF_TICKETS = """
SELECT id FROM survey_answers WHERE organisation_id = $1 AND ticket_id = ANY($2::uuid[]) ORDER BY id
"""


async def answers_to(
    connection: Connection, organisation: UUID, sources: Sequence[UUID], survivor: Mapping[str, Any]
) -> tuple[Resource, list[Placed]]:
    """What was answered about the sources, with its place on the survivor."""
    rows = await connection.fetch(OF_TICKETS, organisation, list(sources))
    loaded = await load_many(connection, ANSWERS, [row["id"] for row in rows])
    return ANSWERS, [(one, _on(survivor)) for one in loaded.values()]


async def answers_back(
    connection: Connection, tickets: Mapping[UUID, Loaded], moves: Sequence[Move]
) -> tuple[Resource, list[Placed]]:
    """Those that are still where the merge brought them."""
    own = {move.record_id: move for move in moves if move.resource == ANSWERS.name}
    loaded = await load_many(connection, ANSWERS, own)
    return ANSWERS, [
        (one, _on(tickets[UUID(own[id].before["ticket_id"])].row))
        for id, one in loaded.items()
        if str(one.row["ticket_id"]) == own[id].after["ticket_id"]
    ]


def _on(ticket: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ticket_id": ticket["id"], "owner_id": ticket["owner_id"], "team_id": ticket["team_id"],
    }  # fmt: skip

"""What a customer does: reply, put a file there, close and reopen."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_shared import records
from guanxi_shared.db import Connection
from guanxi_shared.files.keeping import Asked, Place
from guanxi_shared.files.receiving import Received
from guanxi_shared.records import State
from guanxi_shared.visibility import EVERYTHING
from guanxi_tickets.comments.schemas import CommentCreate
from guanxi_tickets.comments.service import create_comment
from guanxi_tickets.errors import LoopIncomplete, MoveNotAllowed, TicketOver
from guanxi_tickets.files.service import insert_file
from guanxi_tickets.portal.schemas import PortalReply
from guanxi_tickets.portal.visiting import Visit, hold_own
from guanxi_tickets.ticket_settings.known import known_ways
from guanxi_tickets.ticket_settings.rules import TicketState, Ways
from guanxi_tickets.tickets.moving import move_to_state
from guanxi_tickets.tickets.resources import TICKETS

STILL_WORKED_ON: Final = "It cannot be closed yet; write to us."
Decide = Callable[[Ways, Mapping[str, Any]], TicketState | None]


async def reply(visit: Visit, ticket_id: UUID, data: PortalReply) -> dict[str, Any]:
    """A reply of the requester: clocks and states move as with one that an agent puts down."""
    sent = CommentCreate(
        id=data.id, body=data.body, file_ids=data.file_ids, author_kind="requester"
    )
    async with visit.house.db.transaction(visit.organisation) as connection:
        await _load_open(visit, connection, ticket_id)
        answer = await create_comment(visit.call, connection, ticket_id, sent, by="requester")
    made: dict[str, Any] = orjson.loads(answer.body)
    return made


async def put_file(
    visit: Visit, connection: Connection, ticket_id: UUID, received: Received, place: Place, asked: Asked,
    name: str,
) -> State:  # fmt: skip
    await _load_open(visit, connection, ticket_id)
    return await insert_file(
        visit.call, connection, ticket_id, received, place, asked, name, visibility="public",
        by="requester",
    )  # fmt: skip


async def move(visit: Visit, ticket_id: UUID, decide: Decide) -> None:
    """Where the organisation's states let it go; where it stands already it stays."""
    ways = await known_ways(visit.call)
    async with visit.house.db.transaction(visit.organisation) as connection:
        await hold_own(visit, connection, ticket_id)
        loaded = await records.load_record(connection, TICKETS, ticket_id, scope=EVERYTHING)
        to = decide(ways, loaded.row)
        if to is None:
            return
        try:
            await move_to_state(connection, loaded, to, ways=ways, actor=visit.call.actor)
        except LoopIncomplete as error:  # which names how it is worked on
            raise MoveNotAllowed(STILL_WORKED_ON, errors={"status": STILL_WORKED_ON}) from error


async def _load_open(visit: Visit, connection: Connection, ticket_id: UUID) -> None:
    """Held; TicketOver for one that is closed, which nobody would look at."""
    await hold_own(visit, connection, ticket_id)
    loaded = await records.load_record(connection, TICKETS, ticket_id, scope=EVERYTHING)
    if loaded.row["status_kind"] == "closed":
        raise TicketOver("The ticket is closed; reopen it first.")

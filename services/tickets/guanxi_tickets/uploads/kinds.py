"""Uploads of files that are put on a ticket: `ticket_id` and `visibility` of the metadata say where and for whom."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound, UnknownReference
from guanxi_shared.files.keeping import Asked, Place, id_sent
from guanxi_shared.files.receiving import Received
from guanxi_shared.files.tus_rules import BadHeader
from guanxi_shared.reads import Row
from guanxi_shared.records import State
from guanxi_shared.tus.kinds import Links, Uploads
from guanxi_tickets.comments.reading import find_kept
from guanxi_tickets.comments.resources import NOTES
from guanxi_tickets.files import service as files
from guanxi_tickets.files.resources import FILES_BY_VISIBILITY
from guanxi_tickets.tickets.service import load_ticket


def links_in(call: Call, told: Mapping[str, str]) -> Links:
    """One, with the visibility; internal is for those who may write notes."""
    if not told.get("ticket_id"):
        raise BadHeader("Upload-Metadata", "Name the ticket: ticket_id.")
    visibility = told.get("visibility") or "public"
    if visibility not in FILES_BY_VISIBILITY:
        raise BadHeader("Upload-Metadata", "visibility is public or internal.")
    ticket_id = id_sent("ticket_id", told["ticket_id"])
    return [{"type": "ticket", "id": str(ticket_id), "visibility": visibility}]


async def check(call: Call, connection: Connection, links: Links) -> None:
    """A ticket that the caller may write to; UnknownReference for one that they do not see."""
    ticket_id, visibility = _place(links)
    if visibility == "internal":
        call.by.demand(NOTES.permission("create"))
    try:
        await load_ticket(call, connection, ticket_id)
    except NotFound as error:
        raise UnknownReference(
            "There is no such ticket.", errors={"ticket_id": "There is no such ticket."}
        ) from error


async def insert(
    call: Call, connection: Connection, received: Received, place: Place, asked: Asked, name: str, links: Links
) -> State:  # fmt: skip
    """What was right when it was announced may have changed since."""
    await check(call, connection, links)
    ticket_id, visibility = _place(links)
    return await files.insert_file(
        call, connection, ticket_id, received, place, asked, name, visibility=visibility
    )


async def find(call: Call, file_id: UUID, links: Links) -> Row:
    ticket_id, visibility = _place(links)
    row: dict[str, Any] = await find_kept(call, files.KEPT, ticket_id, file_id)
    if row["visibility"] != visibility:
        raise NotFound(f"There is no {visibility} file with the id {str(file_id)!r}.")
    return row


def _place(links: Links) -> tuple[UUID, str]:
    return UUID(links[0]["id"]), links[0]["visibility"]


UPLOADS: Final = Uploads(
    path="/v1/tickets/uploads",
    permission="tickets:create",
    tag="comments",
    links_in=links_in,
    check=check,
    insert=insert,
    find=find,
    keys=frozenset(f"pk_{each.table.name}" for each in FILES_BY_VISIBILITY.values()),
)

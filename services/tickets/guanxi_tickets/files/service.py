"""Use cases of files on tickets: keep one, take one away."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound
from guanxi_shared.files.keeping import Asked, Place, columns_of
from guanxi_shared.files.receiving import Received
from guanxi_shared.records import Loaded, State
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version
from guanxi_tickets.comments.reading import Kept, may_read_notes
from guanxi_tickets.comments.rules import is_own
from guanxi_tickets.errors import NotTheAuthor
from guanxi_tickets.files.attaching import take_out
from guanxi_tickets.files.resources import FILES, FILES_BY_VISIBILITY, NOTE_FILES
from guanxi_tickets.tickets.service import load_ticket

PATH: Final = "/v1/tickets/{ticket_id}/files"
SHOWN: Final = (
    "id::text, ticket_id::text, visibility, written_on_id::text, comment_id::text, name, content_type, declared_type,"
    " size, sha256, author_kind, author_id::text, version, created_at, updated_at"
)
KEPT: Final = Kept("file", SHOWN, FILES_BY_VISIBILITY)
IS_THERE = "SELECT 1 FROM {table} WHERE organisation_id = $1 AND id = $2 AND ticket_id = $3"


async def insert_file(
    call: Call, connection: Connection, ticket_id: UUID, received: Received, place: Place,
    asked: Asked, name: str, *, visibility: str, by: str = "agent",
) -> State:  # fmt: skip
    """Under the lock of the ticket, so that no merge leaves it behind. `by` is who sends it, an agent or the
    requester."""
    ticket = (await load_ticket(call, connection, ticket_id)).row
    now = datetime.now(UTC)
    columns = {
        **columns_of(call, received, place, asked, name), "ticket_id": ticket_id,
        "visibility": visibility, "author_kind": by, "created_at": now, "updated_at": now,
        "author_id": call.by.user_id if by == "agent" else ticket["requester_id"],
        "owner_id": ticket["owner_id"], "team_id": ticket["team_id"],
    }  # fmt: skip
    resource = FILES_BY_VISIBILITY[visibility]
    return await records.insert_record(connection, resource, columns, actor=call.actor)


async def delete_file(
    call: Call, connection: Connection, place: tuple[UUID, UUID], version: int | None
) -> State:
    """`place`: the ticket and the file. What it was sent with names it no more."""
    ticket_id, file_id = place
    await load_ticket(call, connection, ticket_id)
    resource, file = await _load(call, connection, ticket_id, file_id)
    await check_version(connection, resource, file, version)
    if not is_own(file.row, call.by.user_id) and not call.by.may("tickets:approve"):
        raise NotTheAuthor("Only who put this file there, or an admin, takes it away.")
    await take_out(connection, file, actor=call.actor)
    return await records.delete_record(connection, resource, file, actor=call.actor)


async def _load(
    call: Call, connection: Connection, ticket_id: UUID, file_id: UUID
) -> tuple[Resource, Loaded]:
    """Who sees its ticket sees it: that is decided there; an internal one takes the right to read notes."""
    for resource in (FILES, NOTE_FILES) if may_read_notes(call) else (FILES,):
        sql = IS_THERE.format(table=resource.table.name)
        if await connection.fetchval(sql, call.organisation, file_id, ticket_id) is not None:
            return resource, await records.load_record(
                connection, resource, file_id, scope=EVERYTHING
            )
    raise NotFound(f"There is no file with the id {str(file_id)!r}.")

"""Use cases of drafts. Every statement names the author: there is no way to another's."""

from typing import Any, Final
from uuid import UUID

from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden, NotFound, Stale
from guanxi_shared.idempotency import Answer
from guanxi_shared.records import State
from guanxi_shared.writes import etag_of, parse_object
from guanxi_tickets.comments.reading import may_read_notes
from guanxi_tickets.comments.resources import BY_VISIBILITY
from guanxi_tickets.comments.schemas import CommentCreate
from guanxi_tickets.comments.service import create_comment
from guanxi_tickets.drafts.schemas import DraftPut, DraftSend
from guanxi_tickets.tickets.resources import TICKETS
from guanxi_tickets.tickets.service import demand_users, load_ticket

SHOWN: Final = (
    "ticket_id::text, body, visibility, mention_ids::text[], version, created_at, updated_at"
)
FOUND = f"""
SELECT {SHOWN} FROM ticket_drafts WHERE organisation_id = $2 AND ticket_id = $3 AND author_id = $4
"""
HELD = f"""
SELECT {SHOWN} FROM ticket_drafts WHERE organisation_id = $1 AND ticket_id = $2 AND author_id = $3 FOR UPDATE
"""
PUT = f"""
INSERT INTO ticket_drafts AS d (organisation_id, ticket_id, author_id, body, visibility, mention_ids)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (organisation_id, ticket_id, author_id) DO UPDATE SET body = excluded.body,
  visibility = excluded.visibility, mention_ids = excluded.mention_ids, version = d.version + 1,
  updated_at = clock_timestamp()
RETURNING {SHOWN}
"""
DELETED = (
    "DELETE FROM ticket_drafts WHERE organisation_id = $1 AND ticket_id = $2 AND author_id = $3"
)


async def get_draft(call: Call, ticket_id: UUID) -> State:
    await reads.find_record(call, TICKETS, ticket_id)
    asked = (call.organisation, ticket_id, _author(call))
    row = await call.db.fetchrow(call.organisation, FOUND, *asked)
    return _shown(call, row)


async def put_draft(
    call: Call, connection: Connection, ticket_id: UUID, data: DraftPut, version: int | None
) -> State:
    """With If-Match only over the version that was read; 0 is none. Under the lock of the ticket, so that
    nothing is begun on one that goes."""
    call.by.demand(BY_VISIBILITY[data.visibility].permission("create"))
    await load_ticket(call, connection, ticket_id)
    place = (call.organisation, ticket_id, _author(call))
    await _check(connection, place, version)
    await demand_users(call, connection, data.mention_ids, field="mention_ids")
    mentions = list(dict.fromkeys(data.mention_ids))
    row = await connection.fetchrow(PUT, *place, data.body, data.visibility, mentions)
    return _shown(call, row)


async def delete_draft(
    call: Call, connection: Connection, ticket_id: UUID, version: int | None
) -> State:
    """The draft as it was."""
    await load_ticket(call, connection, ticket_id, to_write=False)
    place = (call.organisation, ticket_id, _author(call))
    found = _shown(call, await _check(connection, place, version))
    await connection.execute(DELETED, *place)
    return found


async def send_draft(
    call: Call, connection: Connection, ticket_id: UUID, data: DraftSend, version: int | None
) -> Answer:
    """The reply or note that it becomes; the draft is gone with it."""
    await load_ticket(call, connection, ticket_id)
    place = (call.organisation, ticket_id, _author(call))
    draft = _shown(call, await _check(connection, place, version))
    sent: dict[str, Any] = {name: draft[name] for name in ("body", "visibility", "mention_ids")}
    sent["file_ids"] = [str(id) for id in data.file_ids]
    answer = await create_comment(call, connection, ticket_id, parse_object(CommentCreate, sent))
    await connection.execute(DELETED, *place)
    return answer


async def _check(
    connection: Connection, place: tuple[UUID, UUID, UUID], version: int | None
) -> Any:
    """The row under its lock; Stale unless it is at the version that was read."""
    row = await connection.fetchrow(HELD, *place)
    present = 0 if row is None else row["version"]
    if version is not None and version != present:
        headers = {"ETag": etag_of({"version": present})}
        raise Stale(f"The draft is at version {present}, not {version}; read it.", headers=headers)
    return row


def _author(call: Call) -> UUID:
    if call.by.user_id is None:
        raise Forbidden("Drafts are people's.")
    return call.by.user_id


def _shown(call: Call, row: Any) -> State:
    """A note that somebody began who may not read notes any more is not shown either."""
    if row is None or (row["visibility"] == "internal" and not may_read_notes(call)):
        raise NotFound("There is no draft of yours on this ticket.")
    return dict(row)

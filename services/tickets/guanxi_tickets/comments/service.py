"""Use cases of replies and notes: write, correct, take away."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, NotFound
from guanxi_shared.idempotency import Answer
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State, is_same_create, state_bytes
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version, etag_of
from guanxi_tickets.comments import rules
from guanxi_tickets.comments.reading import may_read_notes
from guanxi_tickets.comments.resources import BY_VISIBILITY, COMMENTS, NOTES
from guanxi_tickets.comments.schemas import CommentCreate, CommentUpdate
from guanxi_tickets.errors import NotTheAuthor
from guanxi_tickets.files.attaching import load_unsent, send_with, take_back
from guanxi_tickets.sla_clocks.keeping import kept_after_a_reply
from guanxi_tickets.sla_clocks.writing import write_kept
from guanxi_tickets.ticket_settings.known import known_ways
from guanxi_tickets.tickets import state_rules
from guanxi_tickets.tickets.moving import move_to_state
from guanxi_tickets.tickets.service import demand_users, load_ticket

PATH: Final = "/v1/tickets/{ticket_id}/comments"
IS_THERE = "SELECT 1 FROM {table} WHERE organisation_id = $1 AND id = $2"


async def create_comment(
    call: Call, connection: Connection, ticket_id: UUID, data: CommentCreate, *, by: str = "agent"
) -> Answer:
    """Under the lock of the ticket, which the first reply and the requester's words change. `by` is who sends
    it, an agent or the requester, and so whose files go with it."""
    resource = BY_VISIBILITY[data.visibility]
    if resource is NOTES:
        call.by.demand(NOTES.permission("create"))
    ticket = await load_ticket(call, connection, ticket_id)
    if data.id is not None and (known := await _existing(call, connection, ticket_id, data)):
        return Answer(200, state_bytes(known), {"etag": etag_of(known)})
    sent, now = data.model_dump(exclude={"id"}), datetime.now(UTC)
    await demand_users(call, connection, data.mention_ids, field="mention_ids")
    columns = {
        **sent, "organisation_id": call.organisation, "id": data.id or new_id(),
        "ticket_id": ticket_id, "author_id": rules.author_of(sent, ticket.row, call.by.user_id),
        "mention_ids": list(dict.fromkeys(data.mention_ids)),
        "owner_id": ticket.row["owner_id"], "team_id": ticket.row["team_id"],
        "created_at": now, "updated_at": now, "file_ids": list(dict.fromkeys(data.file_ids)),
    }  # fmt: skip
    files = await load_unsent(
        connection, columns, columns["file_ids"], by=by, user_id=call.by.user_id
    )
    state = await records.insert_record(connection, resource, columns, actor=call.actor)
    await send_with(connection, data.visibility, files, columns["id"], actor=call.actor)
    await _let_ticket_follow(call, connection, ticket, sent, now)
    location = f"{PATH.format(ticket_id=ticket_id)}/{state['id']}"
    return Answer(201, state_bytes(state), {"etag": etag_of(state), "location": location})


async def _let_ticket_follow(
    call: Call, connection: Connection, ticket: Loaded, sent: dict[str, Any], now: datetime
) -> None:
    """Its clocks, its first response, and where it stands when its customer writes."""
    if sent["visibility"] != "public":
        return
    if sent["author_kind"] == "requester":
        ways = await known_ways(call)
        to = state_rules.after_requester_wrote(ways, ticket.row)
        if to is not None:
            await move_to_state(connection, ticket, to, ways=ways, actor=call.actor)
            return
    is_first = rules.is_first_response(sent, ticket.row)
    await write_kept(
        connection, ticket, rules.responded(now) if is_first else {},
        await kept_after_a_reply(connection, ticket.row, now),
        now=now, actor=call.actor, verb="responded" if is_first else "updated",
    )  # fmt: skip


async def _existing(
    call: Call, connection: Connection, ticket_id: UUID, data: CommentCreate
) -> State | None:
    """What a repeated create with the client's own id made before, if it asks for the same."""
    assert data.id is not None
    for resource in (COMMENTS, NOTES):
        sql = IS_THERE.format(table=resource.table.name)
        if await connection.fetchval(sql, call.organisation, data.id) is None:
            continue
        conflict = Conflict(
            "A comment with this id exists already and differs.",
            errors={"id": "Taken; choose a new id."},
            code="id_taken",
        )
        try:
            found = await _loaded(connection, resource, data.id)
        except NotFound as error:  # deleted
            raise conflict from error
        state = resource.state(found.row, {})
        wanted = data.model_dump(mode="json", exclude_unset=True)
        plain = orjson.loads(state_bytes(state))
        if found.row["ticket_id"] != ticket_id or not is_same_create(plain, wanted):
            raise conflict
        return state
    return None


async def _loaded(connection: Connection, resource: Resource, comment_id: UUID) -> Loaded:
    """Who sees its ticket sees it: that is decided there."""
    return await records.load_record(connection, resource, comment_id, scope=EVERYTHING)


async def update_comment(
    call: Call, connection: Connection, place: tuple[UUID, UUID], data: CommentUpdate,
    version: int | None,
) -> State:  # fmt: skip
    """`place`: the ticket and the comment."""
    resource, loaded = await _own(call, connection, place, version)
    changes = data.model_dump(exclude_unset=True)
    await demand_users(call, connection, data.mention_ids, field="mention_ids")
    return await records.update_record(connection, resource, loaded, changes, actor=call.actor)


async def delete_comment(
    call: Call, connection: Connection, place: tuple[UUID, UUID], version: int | None
) -> State:
    resource, loaded = await _own(call, connection, place, version)
    await take_back(connection, loaded, actor=call.actor)
    return await records.delete_record(connection, resource, loaded, actor=call.actor)


async def _own(
    call: Call, connection: Connection, place: tuple[UUID, UUID], version: int | None
) -> tuple[Resource, Loaded]:
    """The comment of a ticket that the caller may change, written by them; admins may change all."""
    ticket_id, comment_id = place
    await load_ticket(call, connection, ticket_id)
    for resource in (COMMENTS, NOTES):
        if resource is NOTES and not may_read_notes(call):
            continue
        sql = f"{IS_THERE.format(table=resource.table.name)} AND ticket_id = $3"
        if await connection.fetchval(sql, call.organisation, comment_id, ticket_id) is None:
            continue
        loaded = await _loaded(connection, resource, comment_id)
        await check_version(connection, resource, loaded, version)
        if not rules.is_own(loaded.row, call.by.user_id) and not call.by.may("tickets:approve"):
            raise NotTheAuthor("Only who wrote this, or an admin, changes it.")
        return resource, loaded
    raise NotFound(f"There is no comment with the id {str(comment_id)!r}.")

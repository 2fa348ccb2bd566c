"""One ticket becomes two: replies and notes that were about something else go to a new one."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import UnknownReference
from guanxi_shared.many_records import load_many
from guanxi_shared.records import Loaded, State
from guanxi_shared.resources import Resource
from guanxi_shared.writes import check_version
from guanxi_shared.written import KNOWN_USERS
from guanxi_tickets.comments import moving
from guanxi_tickets.comments.moving_rules import is_reply_of_agent, placed
from guanxi_tickets.comments.reading import may_read_notes
from guanxi_tickets.comments.resources import COMMENTS, NOTES
from guanxi_tickets.comments.rules import responded
from guanxi_tickets.files.attaching import sent_with
from guanxi_tickets.queues.routing import left_queue
from guanxi_tickets.sla_clocks.refreshing import keep_again
from guanxi_tickets.splits.schemas import Split
from guanxi_tickets.tickets.linking import take_turns
from guanxi_tickets.tickets.resources import TICKETS
from guanxi_tickets.tickets.schemas import TicketCreate
from guanxi_tickets.tickets.service import create_ticket, load_ticket

INHERITED = (
    "kind", "impact", "urgency", "channel", "requester_id", "account_id", "product_id", "team_id", "tags",
    "custom", "queue_id",
)  # fmt: skip


async def split_ticket(
    call: Call, connection: Connection, ticket_id: UUID, data: Split, version: int | None
) -> State:
    """The new ticket. A reply is still counted where it was written; to the new one it comes now."""
    await take_turns(connection, call.organisation)
    ticket = await load_ticket(call, connection, ticket_id)
    await check_version(connection, TICKETS, ticket, version)
    said = await _said(call, connection, ticket_id, data.comment_ids)
    made = await create_ticket(call, connection, await _wanted(call, connection, ticket, data))
    new = await load_ticket(call, connection, made["id"])
    now = datetime.now(UTC)
    ids = [one.id for _, ones in said for one in ones]
    for resource, ones in [*said, *await sent_with(connection, call.organisation, ids)]:
        moved = [(one, placed(one.row, new.row, now)) for one in ones]
        await moving.place(connection, resource, moved, actor=call.actor)
    told = {"split": {"id": new.id}}
    await records.update_record(
        connection, TICKETS, ticket, {}, actor=call.actor, verb="split", more=told
    )
    if any(is_reply_of_agent(one.row) for _, ones in said for one in ones):
        await records.update_record(
            connection, TICKETS, new, responded(now), actor=call.actor, verb="responded"
        )
    states = await keep_again(connection, [ticket_id, new.id], actor=call.actor)
    return states[new.id]


async def _wanted(call: Call, connection: Connection, ticket: Loaded, data: Split) -> TicketCreate:
    """What is not here any more, an assignee, a queue or a field of the organisation's, is not taken over: without
    assignee and team it is the caller's."""
    sent = {name: ticket.row[name] for name in INHERITED if ticket.row[name] is not None}
    sent["related_ids"] = [ticket.id]
    fields = await call.house.custom_fields.definitions(call.organisation, TICKETS)
    sent["custom"] = {key: value for key, value in sent["custom"].items() if key in fields}
    if await left_queue(connection, ticket.row):
        del sent["queue_id"]
    sent.setdefault("queue_id", None)  # it goes where the ticket is that it comes from
    owner = ticket.row["owner_id"]
    if owner and await connection.fetchval(KNOWN_USERS, call.organisation, owner):
        sent["assignee_id"] = owner
    sent |= data.model_dump(include={"id", "subject", "description"})
    return TicketCreate.model_validate(sent)


async def _said(
    call: Call, connection: Connection, ticket_id: UUID, ids: Collection[UUID]
) -> Sequence[tuple[Resource, list[Loaded]]]:
    """What is named of the ticket's replies and, for those who may read them, notes; all of it is there."""
    found = []
    for resource in (COMMENTS, NOTES) if may_read_notes(call) else (COMMENTS,):
        loaded = (await load_many(connection, resource, ids)).values()
        found.append(
            (resource, [one for one in loaded if one.row["ticket_id"] == ticket_id and not one.row["deleted_at"]])
        )  # fmt: skip
    there = {one.id for _, ones in found for one in ones}
    for place, id in enumerate(ids):
        if id not in there:
            raise UnknownReference(
                "A comment that is named is none of this ticket.",
                errors={f"comment_ids.{place}": "There is no such comment on this ticket."},
            )
    return found

"""Tickets and comments from a phone: its few columns as the API's documents, through the same use cases."""

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid
from guanxi_shared.writes import parse_object
from guanxi_tickets.comments import service as comments
from guanxi_tickets.comments.schemas import CommentCreate, CommentUpdate
from guanxi_tickets.tickets import service as tickets
from guanxi_tickets.tickets.schemas import TicketCreate, TicketUpdate

Values = Mapping[str, Any]
OF_TICKET: Final = {
    "subject": "subject", "status": "status", "priority": "priority", "account_id": "account_id",
    "contact_id": "requester_id",
}  # fmt: skip
NEVER_EMPTY: Final = ("subject", "status")
STATE: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")


async def create_ticket(call: Call, connection: Connection, id: UUID, values: Values) -> None:
    sent = {name: value for name, value in _ticket(values).items() if value is not None}
    await tickets.create_ticket(
        call, connection, parse_object(TicketCreate, {"id": str(id), "channel": "other", **sent})
    )


async def update_ticket(
    call: Call, connection: Connection, id: UUID, values: Values, stored: Values
) -> None:
    sent = _ticket(values)
    for name in NEVER_EMPTY:
        if name in sent and sent[name] is None:
            del sent[name]
    if sent:
        data = parse_object(TicketUpdate, sent)
        await tickets.update_ticket(call, connection, id, data, None)


async def delete_ticket(call: Call, connection: Connection, id: UUID, stored: Values) -> None:
    await tickets.delete_ticket(call, connection, id, None)


def _ticket(values: Values) -> dict[str, Any]:
    """What is no state's key at all says nothing; an unknown one is a rule's to refuse."""
    found = {OF_TICKET[name]: value for name, value in values.items() if name in OF_TICKET}
    if not STATE.fullmatch(found.get("status") or ""):
        found.pop("status", None)
    return found


async def create_comment(call: Call, connection: Connection, id: UUID, values: Values) -> None:
    if values.get("ticket_id") is None:
        raise Invalid("A comment is about a ticket.", errors={"ticket_id": "Missing."})
    sent = {n: values[n] for n in ("body", "visibility") if values.get(n) is not None}
    data = parse_object(CommentCreate, {"id": str(id), **sent})
    await comments.create_comment(call, connection, UUID(values["ticket_id"]), data)


async def update_comment(
    call: Call, connection: Connection, id: UUID, values: Values, stored: Values
) -> None:
    """Whom it is for and what it is about never change: it may have been read."""
    if values.get("body") is not None:
        data = parse_object(CommentUpdate, {"body": values["body"]})
        await comments.update_comment(call, connection, _place(id, stored), data, None)


async def delete_comment(call: Call, connection: Connection, id: UUID, stored: Values) -> None:
    await comments.delete_comment(call, connection, _place(id, stored), None)


def _place(id: UUID, stored: Values) -> tuple[UUID, UUID]:
    return UUID(stored["ticket_id"]), id

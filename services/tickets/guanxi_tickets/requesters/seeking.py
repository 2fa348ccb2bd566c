"""Requesters who typed who they are: once a minute it is looked for whose contacts they are.

A ticket keeps when it is looked at next, so that a round asks for those that are due and for no other.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import NotFound
from guanxi_shared.http import ServiceClient
from guanxi_shared.rounds import go_round
from guanxi_shared.schedules import schedule
from guanxi_shared.settings import common, named_addresses
from guanxi_shared.visibility import EVERYTHING
from guanxi_tickets.clients import CONTACTS
from guanxi_tickets.references.following import follow_name
from guanxi_tickets.requesters.lookup import ContactsAway, look_up
from guanxi_tickets.requesters.rules import Found, Typed, next_look
from guanxi_tickets.tickets.resources import TICKETS

DUE_OF = """
SELECT id, from_name, from_email, from_phone FROM tickets
WHERE organisation_id = $2 AND seek_requester_at <= clock_timestamp() ORDER BY seek_requester_at, id LIMIT 100
"""
LATER = """
UPDATE tickets SET seek_requester_at = $3
WHERE organisation_id = $1 AND id = $2 AND seek_requester_at IS NOT NULL
"""
ACTOR: Final = Actor(id=None, kind="service", channel="requesters")


@schedule("* * * * *", name="seek-requesters")
async def seek_requesters(database: Database) -> None:
    async with _contacts() as client:
        if client is not None:
            await go_round(database, partial(seek_in, database, client), what="seeking requesters")


@asynccontextmanager
async def _contacts() -> AsyncIterator[ServiceClient | None]:
    shared = common()
    address = named_addresses(shared.services).get(CONTACTS)
    if address is None:
        yield None
        return
    client = ServiceClient(CONTACTS, address, shared.service_secret, caller="tickets")
    try:
        yield client
    finally:
        await client.aclose()


async def seek_in(database: Database, client: ServiceClient, organisation: UUID) -> None:
    """Contacts is asked outside of any transaction; while it is away nothing is put off."""
    for row in await database.fetch(organisation, DUE_OF, organisation):
        typed = Typed(row["from_name"], row["from_email"], row["from_phone"])
        try:
            found = await look_up(client, organisation, typed)
        except ContactsAway:
            return
        async with database.transaction(organisation) as connection:
            await settle(connection, organisation, row["id"], found)


async def settle(
    connection: Connection, organisation: UUID, ticket_id: UUID, found: Found | None
) -> None:
    """The ticket names its contact, unless somebody said who it is meanwhile; or is looked at again later."""
    try:
        ticket = await records.load_record(connection, TICKETS, ticket_id, scope=EVERYTHING)
    except NotFound:  # deleted
        await connection.execute(LATER, organisation, ticket_id, None)
        return
    now = datetime.now(UTC)
    if found is None or ticket.row["requester_id"] is not None:
        again = None if ticket.row["requester_id"] else next_look(ticket.row["created_at"], now)
        await connection.execute(LATER, organisation, ticket_id, again)
        return
    changes: dict[str, Any] = {"requester_id": found.id, "seek_requester_at": None}
    if ticket.row["account_id"] is None and found.account_id is not None:
        changes |= {"account_id": found.account_id, "is_account_verified": True}
    await records.update_record(connection, TICKETS, ticket, changes, actor=ACTOR)
    await follow_name(connection, organisation, "contact", found.id)

"""Whose contact somebody is, asked of contacts as a service, and never waited for long."""

from typing import Final
from uuid import UUID

from guanxi_shared.errors import NotFound, Unauthenticated, Upstream
from guanxi_shared.http import ServiceClient, within
from guanxi_tickets.requesters.rules import Found, Typed, found_in, wanted

SECONDS: Final = 2.0


class ContactsAway(Exception):
    """Nothing is known of whether there is such a contact."""


async def look_up(client: ServiceClient | None, organisation: UUID, typed: Typed) -> Found | None:
    """The contact by address or number, None where there is none; ContactsAway where nobody answers."""
    condition = wanted(typed)
    if condition is None:
        return None
    if client is None:
        raise ContactsAway
    document = {
        "filter_groups": [{"filters": [condition]}],
        "fields": ["id", "name", "accounts"],
        "limit": 2,
    }
    try:
        with within(SECONDS):
            answer = await client.post_json(
                "/v1/contacts/search", document, organisation_id=organisation
            )
    except (Upstream, NotFound, Unauthenticated) as error:
        raise ContactsAway from error
    return found_in(answer["data"])

"""Other services as seen from here: contacts, which knows accounts and people."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from guanxi_shared.auth import bearer
from guanxi_shared.calls import Call, House
from guanxi_shared.http import ServiceClient
from guanxi_shared.settings import named_addresses

CONTACTS = "contacts"
SHOWN = {
    "accounts": "id,name,industry,region,grade,owner_id,team_id,version",
    "contacts": "id,name,title,owner_id,team_id,version",
}


@asynccontextmanager
async def calling_contacts(here: House) -> AsyncIterator[None]:
    """The client for as long as the process serves; absent where no address of contacts is known."""
    address = named_addresses(here.common.services).get(CONTACTS)
    if address is None:
        yield
        return
    client = ServiceClient(CONTACTS, address, here.common.service_secret, caller=here.name)
    here.more[CONTACTS] = client
    try:
        yield
    finally:
        await client.aclose()


def contacts_client(here: House) -> ServiceClient | None:
    found = here.more.get(CONTACTS)
    return found if isinstance(found, ServiceClient) else None


async def ask_for(call: Call, resource: str, ids: Sequence[UUID]) -> list[dict[str, Any]] | None:
    """What contacts shows the caller of these records, in one call under the caller's own token; None
    when contacts is not known here. Raises Unavailable, Late or Upstream when it is away."""
    client = contacts_client(call.house)
    if client is None:
        return None
    document = {
        "filter_groups": [
            {"filters": [{"field": "id", "operator": "in", "value": [str(id) for id in ids]}]}
        ],
        "fields": SHOWN[resource].split(","),
        "limit": 200,
    }
    found = await client.post_json(
        f"/v1/{resource}/search", document, token=bearer(call.request.headers)
    )
    rows: list[dict[str, Any]] = found["data"]
    return rows

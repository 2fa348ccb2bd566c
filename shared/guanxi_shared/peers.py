"""Another service of the suite as one of them calls it: a client for the life of the process."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from guanxi_shared.auth import bearer
from guanxi_shared.calls import Call, House
from guanxi_shared.http import ServiceClient
from guanxi_shared.settings import named_addresses


@asynccontextmanager
async def calling_peer(here: House, name: str) -> AsyncIterator[None]:
    """The client for as long as the process serves; absent where no address of the peer is known."""
    address = named_addresses(here.common.services).get(name)
    if address is None:
        yield
        return
    client = ServiceClient(name, address, here.common.service_secret, caller=here.name)
    here.more[name] = client
    try:
        yield
    finally:
        await client.aclose()


def peer_client(here: House, name: str) -> ServiceClient | None:
    found = here.more.get(name)
    return found if isinstance(found, ServiceClient) else None


async def ask_for(
    call: Call, name: str, resource: str, ids: Sequence[UUID], *, fields: Collection[str]
) -> list[dict[str, Any]] | None:
    """What the peer shows the caller of these records, in one call under the caller's own token; None
    when it is not known here. Raises Unavailable, Late or Upstream when it is away."""
    client = peer_client(call.house, name)
    if client is None:
        return None
    document = {
        "filter_groups": [
            {"filters": [{"field": "id", "operator": "in", "value": [str(id) for id in ids]}]}
        ],
        "fields": list(fields),
        "limit": 200,
    }
    found = await client.post_json(
        f"/v1/{resource}/search", document, token=bearer(call.request.headers)
    )
    rows: list[dict[str, Any]] = found["data"]
    return rows

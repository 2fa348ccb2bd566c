"""The tickets service, put together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from guanxi_shared.app import create_app
from guanxi_shared.calls import House
from guanxi_shared.consumers import Consumer
from guanxi_shared.directory import feed_over_http, listening_client
from guanxi_shared.edge import Edge
from guanxi_shared.settings import Common, common, named_addresses
from guanxi_tickets.clients import CONTACTS, calling_contacts
from guanxi_tickets.db import METADATA
from guanxi_tickets.references.heard import contacts_consumer
from guanxi_tickets.resources import LOGGED
from guanxi_tickets.routers import ROUTERS
from guanxi_tickets.settings import settings


def create() -> Edge:
    shared, listeners = common(), AsyncExitStack()

    @asynccontextmanager
    async def started(here: House) -> AsyncIterator[None]:
        async with listeners, calling_contacts(here):
            yield

    return create_app(
        name="tickets",
        title="Guanxi tickets",
        settings=settings(),
        common=shared,
        metadata=METADATA,
        resources=LOGGED,
        routers=ROUTERS,
        consumers=lambda here: _consumers(shared, listeners),
        started=started,
    )


def _consumers(common: Common, stack: AsyncExitStack) -> Sequence[Consumer]:
    """Contacts, where it is known; by a listener of its own: a long poll must not open the breaker that
    calls go through."""
    address = named_addresses(common.services).get(CONTACTS)
    if address is None:
        return []
    client = listening_client(CONTACTS, address, common.service_secret, caller="tickets")
    stack.push_async_callback(client.aclose)
    return [contacts_consumer(feed_over_http(client), settings().files_dir)]

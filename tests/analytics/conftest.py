"""The analytics service beside the real ones whose feeds it hears."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import httpx
import pytest

from guanxi_analytics.heard.peers import SOURCES, consumer_of
from guanxi_shared import http
from guanxi_shared.consumers import Consumer
from guanxi_shared.db import Database
from guanxi_shared.directory import feed_over_http
from guanxi_shared.edge import Edge
from guanxi_shared.http import ServiceClient
from tests.factories import Clients, Organisation, apply_to_directory, directory_events
from tests.stand_in import SECRET, GatewayStandIn

Hear = Callable[[], Awaitable[None]]
STAND = """
INSERT INTO feed_cursors (consumer, epoch, position) VALUES ($1, $2, $3)
ON CONFLICT (consumer) DO UPDATE SET epoch = excluded.epoch, position = excluded.position
"""


@pytest.fixture(scope="session")
def service(analytics: Edge) -> Edge:
    return analytics


@pytest.fixture(scope="session")
def peers(contacts: Edge, pipeline: Edge, tickets: Edge) -> Mapping[str, Edge]:
    return dict(zip(SOURCES, (contacts, pipeline, tickets), strict=True))


@pytest.fixture
async def everywhere(organisation: Organisation, peers: Mapping[str, Edge]) -> Organisation:
    """The organisation, known to every service."""
    for app in peers.values():
        await apply_to_directory(app.state.house.db, directory_events(organisation))
    return organisation


@pytest.fixture
async def peer_clients(peers: Mapping[str, Edge]) -> AsyncIterator[Mapping[str, ServiceClient]]:
    """Their internal HTTP, called in this process."""
    clients = {
        name: ServiceClient(
            name, f"http://{name}", SECRET, caller="analytics", transport=httpx.ASGITransport(app=app)
        )
        for name, app in peers.items()
    }  # fmt: skip
    yield clients
    for client in clients.values():
        await client.aclose()


@pytest.fixture
async def consumers(
    peers: Mapping[str, Edge], peer_clients: Mapping[str, ServiceClient], service_database: Database
) -> dict[str, Consumer]:
    """As the service has them, standing where the feeds stand: other tests' events are no matter of this one's."""
    found = {}
    for name, app in peers.items():
        feed = app.state.house.feed
        await feed.number()
        head = await feed.head()
        async with service_database.transaction(None) as connection:
            await connection.execute(STAND, name, head.epoch, head.position)
        found[name] = consumer_of(name, feed_over_http(peer_clients[name]))
    return found


@pytest.fixture
def hear(consumers: Mapping[str, Consumer], service_database: Database) -> Hear:
    """`await hear()`: everything that was told until now is a fact."""

    async def all_of_it() -> None:
        http.deadline.set(None)  # requests made in this process leave theirs behind
        for consumer in consumers.values():
            while await consumer.step(service_database, wait=0):
                pass

    return all_of_it


@pytest.fixture
def sales(pipeline: Edge, gateway_stand_in: GatewayStandIn) -> Clients:
    """`sales(user)`: a client of pipeline in that user's name."""
    return Clients(pipeline, gateway_stand_in)


@pytest.fixture
def desk(tickets: Edge, gateway_stand_in: GatewayStandIn) -> Clients:
    return Clients(tickets, gateway_stand_in)


@pytest.fixture
def customers(contacts: Edge, gateway_stand_in: GatewayStandIn) -> Clients:
    return Clients(contacts, gateway_stand_in)

"""The analytics service, put together."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from guanxi_analytics.db import METADATA
from guanxi_analytics.heard.peers import SOURCES, peers_consumers
from guanxi_analytics.press.beside import press_of
from guanxi_analytics.resources import LOGGED
from guanxi_analytics.routers import ROUTERS
from guanxi_analytics.settings import settings
from guanxi_shared.app import create_app
from guanxi_shared.calls import House
from guanxi_shared.edge import Edge
from guanxi_shared.peers import calling_peer
from guanxi_shared.settings import common


def create() -> Edge:
    shared, listeners = common(), AsyncExitStack()

    @asynccontextmanager
    async def started(here: House) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(listeners)
            stack.push_async_callback(press_of(here).close)
            for source in SOURCES:
                await stack.enter_async_context(calling_peer(here, source))
            yield

    return create_app(
        name="analytics",
        title="Guanxi analytics",
        settings=settings(),
        common=shared,
        metadata=METADATA,
        resources=LOGGED,
        routers=ROUTERS,
        consumers=lambda here: peers_consumers(shared, listeners),
        started=started,
    )

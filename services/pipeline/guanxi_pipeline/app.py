"""The pipeline service, put together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from guanxi_pipeline.clients import CONTACTS, calling_contacts
from guanxi_pipeline.db import METADATA
from guanxi_pipeline.pipelines.starting import default_pipeline_consumer
from guanxi_pipeline.references.heard import contacts_consumer
from guanxi_pipeline.resources import LOGGED
from guanxi_pipeline.routers import ROUTERS
from guanxi_pipeline.settings import settings
from guanxi_shared.app import create_app
from guanxi_shared.calls import House
from guanxi_shared.consumers import Consumer, FeedSource
from guanxi_shared.directory import feed_over_http, listening_client
from guanxi_shared.edge import Edge
from guanxi_shared.settings import Common, common, named_addresses


def create() -> Edge:
    shared, listeners = common(), AsyncExitStack()

    @asynccontextmanager
    async def started(here: House) -> AsyncIterator[None]:
        async with listeners, calling_contacts(here):
            yield

    return create_app(
        name="pipeline",
        title="Guanxi pipeline",
        settings=settings(),
        common=shared,
        metadata=METADATA,
        resources=LOGGED,
        routers=ROUTERS,
        consumers=lambda here: _consumers(here, shared, listeners),
        started=started,
    )


def _consumers(here: House, common: Common, stack: AsyncExitStack) -> Sequence[Consumer]:
    """What is heard beside the directory: organisations that begin, and contacts where it is known. By
    listeners of their own: a long poll must not open the breaker that calls go through."""

    def source(name: str, address: str) -> FeedSource:
        client = listening_client(name, address, common.service_secret, caller="pipeline")
        stack.push_async_callback(client.aclose)
        return feed_over_http(client)

    heard = [default_pipeline_consumer(here, source("gateway", common.gateway_url))]
    if (address := named_addresses(common.services).get(CONTACTS)) is not None:
        heard.append(contacts_consumer(source(CONTACTS, address), settings().files_dir))
    return heard

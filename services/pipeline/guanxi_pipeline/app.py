"""The pipeline service, put together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from guanxi_pipeline.board.routes import router as board
from guanxi_pipeline.calls.routes import router as forecast_calls
from guanxi_pipeline.clients import CONTACTS, calling_contacts
from guanxi_pipeline.db import METADATA
from guanxi_pipeline.forecasts.routes import router as forecasts
from guanxi_pipeline.opportunities.routes import router as opportunities
from guanxi_pipeline.pipelines.routes import router as pipelines
from guanxi_pipeline.pipelines.starting import default_pipeline_consumer
from guanxi_pipeline.quotas.routes import router as quotas
from guanxi_pipeline.references.heard import contacts_consumer
from guanxi_pipeline.resources import LOGGED
from guanxi_pipeline.settings import settings
from guanxi_shared.app import create_app
from guanxi_shared.calls import House
from guanxi_shared.consumers import Consumer
from guanxi_shared.directory import feed_over_http, listening_client
from guanxi_shared.edge import Edge
from guanxi_shared.http import ServiceClient
from guanxi_shared.job_routes import jobs_router
from guanxi_shared.settings import common, named_addresses


def create() -> Edge:
    shared = common()
    # Listeners of their own: a long poll must not open the breaker that calls go through.
    addresses = {"gateway": shared.gateway_url} | named_addresses(shared.services)
    listeners = {
        name: listening_client(name, addresses[name], shared.service_secret, caller="pipeline")
        for name in ("gateway", CONTACTS)
        if name in addresses
    }

    @asynccontextmanager
    async def started(here: House) -> AsyncIterator[None]:
        async with calling_contacts(here):
            yield
        for listener in listeners.values():
            await listener.aclose()

    return create_app(
        name="pipeline",
        title="Guanxi pipeline",
        settings=settings(),
        common=shared,
        metadata=METADATA,
        resources=LOGGED,
        routers=[board, pipelines, opportunities, quotas, forecasts, forecast_calls, jobs_router()],
        consumers=lambda here: _consumers(here, listeners),
        started=started,
    )


def _consumers(here: House, listeners: dict[str, ServiceClient]) -> Sequence[Consumer]:
    """What is heard beside the directory: organisations that begin, and contacts where it is known."""
    heard = [default_pipeline_consumer(here, feed_over_http(listeners["gateway"]))]
    if CONTACTS in listeners:
        heard.append(contacts_consumer(feed_over_http(listeners[CONTACTS])))
    return heard

"""The pipeline service, put together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from guanxi_pipeline.assignment_rules.routes import router as assignment_rules
from guanxi_pipeline.board.routes import router as board
from guanxi_pipeline.clients import CONTACTS, calling_contacts
from guanxi_pipeline.conversions.routes import router as conversions
from guanxi_pipeline.db import METADATA
from guanxi_pipeline.exports.routes import router as exports
from guanxi_pipeline.fields.routes import router as fields
from guanxi_pipeline.imports.routes import router as imports
from guanxi_pipeline.lead_duplicates.routes import router as lead_duplicates
from guanxi_pipeline.lead_forms.public import router as public_forms
from guanxi_pipeline.lead_forms.routes import router as lead_forms
from guanxi_pipeline.lead_pools.routes import router as lead_pools
from guanxi_pipeline.lead_settings.routes import router as lead_settings
from guanxi_pipeline.leads.routes import router as leads
from guanxi_pipeline.leads.verbs import router as lead_verbs
from guanxi_pipeline.opportunities.routes import router as opportunities
from guanxi_pipeline.pipelines.routes import router as pipelines
from guanxi_pipeline.pipelines.starting import default_pipeline_consumer
from guanxi_pipeline.references.heard import contacts_consumer
from guanxi_pipeline.resources import LOGGED
from guanxi_pipeline.scorecards.routes import router as scorecards
from guanxi_pipeline.settings import settings
from guanxi_pipeline.views.routes import router as views
from guanxi_shared.app import create_app
from guanxi_shared.calls import House
from guanxi_shared.consumers import Consumer, FeedSource
from guanxi_shared.directory import feed_over_http, listening_client
from guanxi_shared.edge import Edge
from guanxi_shared.job_routes import jobs_router
from guanxi_shared.settings import Common, common, named_addresses

# Paths without a parameter before `/v1/leads/{lead_id}`.
LEAD_ROUTERS = (
    lead_settings, scorecards, assignment_rules, lead_forms, public_forms, lead_pools, conversions,
    lead_duplicates, lead_verbs, leads,
)  # fmt: skip


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
        routers=[
            exports,
            imports,
            board,
            pipelines,
            opportunities,
            *LEAD_ROUTERS,
            fields,
            views,
            jobs_router(),
        ],
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
        heard.append(contacts_consumer(source(CONTACTS, address)))
    return heard

"""The contacts service, put together."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from guanxi_contacts.accounts.routes import router as accounts
from guanxi_contacts.activities.routes import router as activities
from guanxi_contacts.calendar.routes import router as calendar
from guanxi_contacts.calendar_feeds.routes import router as calendar_feeds
from guanxi_contacts.campaign_members.routes import router as campaign_members
from guanxi_contacts.campaigns.routes import router as campaigns
from guanxi_contacts.clients import calling_gateway
from guanxi_contacts.consents.routes import router as consents
from guanxi_contacts.db import METADATA
from guanxi_contacts.duplicates.routes import router as duplicates
from guanxi_contacts.exports.routes import router as exports
from guanxi_contacts.fields.routes import router as fields
from guanxi_contacts.files.routes import router as files
from guanxi_contacts.heard import peers_consumers
from guanxi_contacts.imports.routes import router as imports
from guanxi_contacts.merges.routes import router as merges
from guanxi_contacts.people.routes import router as people
from guanxi_contacts.places.routes import calendar_router as days
from guanxi_contacts.places.routes import router as places
from guanxi_contacts.pools.routes import router as pools
from guanxi_contacts.privacy.routes import router as privacy
from guanxi_contacts.resources import LOGGED
from guanxi_contacts.search.routes import router as search
from guanxi_contacts.segments.routes import router as segments
from guanxi_contacts.settings import settings
from guanxi_contacts.standing.routes import router as standing
from guanxi_contacts.sync.routes import router as sync
from guanxi_contacts.tags.routes import router as tags
from guanxi_contacts.timeline.routes import router as timeline
from guanxi_contacts.uploads.routes import router as uploads
from guanxi_contacts.views.routes import router as views
from guanxi_contacts.visits.routes import router as visits
from guanxi_shared.app import create_app
from guanxi_shared.calls import House
from guanxi_shared.edge import Edge
from guanxi_shared.job_routes import jobs_router
from guanxi_shared.settings import common


def create() -> Edge:
    shared, listeners = common(), AsyncExitStack()

    @asynccontextmanager
    async def started(here: House) -> AsyncIterator[None]:
        async with listeners, calling_gateway(here):
            yield

    return create_app(
        name="contacts",
        title="Guanxi contacts",
        settings=settings(),
        common=shared,
        consumers=lambda _: peers_consumers(shared, listeners),
        started=started,
        metadata=METADATA,
        resources=LOGGED,
        routers=[
            exports,
            imports,
            places,
            days,
            tags,
            duplicates,
            accounts,
            standing,
            timeline,
            people,
            visits,
            activities,
            calendar,
            calendar_feeds,
            search,
            fields,
            pools,
            segments,
            campaigns,
            campaign_members,
            views,
            merges,
            uploads,
            files,
            consents,
            privacy,
            sync,
            jobs_router(),
        ],
    )

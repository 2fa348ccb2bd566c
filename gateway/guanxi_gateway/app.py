"""The gateway, put together: the door in front, identity and the merged views behind it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter

from guanxi_gateway.away import PASSING
from guanxi_gateway.callers import Callers
from guanxi_gateway.composite.recovering import keep_resuming
from guanxi_gateway.composite.routes import Pay, composite_router, hands_of
from guanxi_gateway.db import Table
from guanxi_gateway.divided import Divided
from guanxi_gateway.edge import FrontDoor
from guanxi_gateway.feed import merged_events_router
from guanxi_gateway.identity.api_keys.service import exchange_api_key
from guanxi_gateway.identity.audit_trail.heard import audit_consumers
from guanxi_gateway.identity.devices.service import refuse_wiped_session
from guanxi_gateway.identity.identity import Identity, identity, make_identity
from guanxi_gateway.identity.mail import QuietMail
from guanxi_gateway.identity.resources import PUBLISHED
from guanxi_gateway.identity.revocations import keep_revocations
from guanxi_gateway.identity.routes import ROUTERS
from guanxi_gateway.identity.settings import IdentitySettings
from guanxi_gateway.job_finder import JobFinder, jobs_router
from guanxi_gateway.limits import FORGET_SQL, Budgets
from guanxi_gateway.limits_rules import Limit
from guanxi_gateway.openapi import Documents, pages
from guanxi_gateway.peers import Source, Stream, own_source, own_stream, source_of, stream_of
from guanxi_gateway.proxy import Proxy
from guanxi_gateway.routes import INSIDE
from guanxi_gateway.settings import GatewaySettings
from guanxi_gateway.snapshots import snapshots_router
from guanxi_gateway.sync.routes import sync_router
from guanxi_gateway.upstream import Upstream
from guanxi_gateway.views import views_router
from guanxi_gateway.webhooks.heard import erasure_consumers
from guanxi_gateway.webhooks.measuring import read_figures
from guanxi_gateway.webhooks.resources import WEBHOOKS
from guanxi_gateway.webhooks.routes import webhooks_router
from guanxi_shared import logs, mail
from guanxi_shared.app import create_app
from guanxi_shared.auth import Principal, Verifier
from guanxi_shared.calls import House
from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.feed.feed import Feed
from guanxi_shared.feed.routes import feed_router
from guanxi_shared.health import FIGURES
from guanxi_shared.settings import Common, named_addresses
from guanxi_shared.visibility import Directory

NAME = "gateway"
OWN_FEED = INSIDE.decode()  # the merged feed stands at the public path of our own one
TOLD = (*PUBLISHED, WEBHOOKS)
FORGET_EVERY_SECONDS = 600.0
LIMIT_SQL = """
SELECT rate_quota, rate_window_seconds FROM organisations WHERE organisation_id = $2
"""

_log = logs.logger("app")


def create() -> FrontDoor:
    """What `python -m guanxi_shared.serve guanxi_gateway` serves; settings from the environment."""
    settings, common = GatewaySettings(), Common()
    return assemble(settings, common, IdentitySettings())


def assemble(
    settings: GatewaySettings, common: Common, identity_settings: IdentitySettings
) -> FrontDoor:
    here = make_house(settings, common, identity_settings)
    peers = {
        name: Upstream(
            name,
            url,
            idle_seconds=settings.idle_seconds,
            connect_seconds=settings.connect_seconds,
        )
        for name, url in named_addresses(common.services).items()
    }
    budgets = Budgets(lambda *arguments: here.db.pool.fetchrow(*arguments))
    callers = Callers(
        here.verifier,
        exchange=lambda key: exchange_api_key(here, key),
        limit_of=lambda principal: limit_of(here, settings, principal),
        budgets=budgets,
    )
    own = make_own(here, settings, common, peers, callers.pay)
    return FrontDoor(
        own,
        settings,
        pages=pages(Documents(own=own.app.openapi, peers=peers)),
        proxy=Proxy(stream_idle_seconds=settings.stream_idle_seconds),
        peers=peers,
        callers=callers,
        budgets=budgets,
        find_job=JobFinder(peers),
        find_service=Divided(peers),
        refuse_wiped=lambda principal: refuse_wiped_session(here.db, principal),
    )


def make_house(
    settings: GatewaySettings, common: Common, identity_settings: IdentitySettings
) -> House:
    """A service's house, but for the keys: ours are read from our own key ring."""
    database = Database(
        settings.database_url,
        pool_size=settings.pool_size,
        statement_timeout_ms=settings.statement_timeout_ms,
    )
    feed = Feed(settings.feed_database_url, schema=NAME)
    database.after_commit = feed.bell.signal

    async def fetch_keys() -> Mapping[str, Any]:
        return await ours.keyring.document(datetime.now(UTC))

    here = House(
        name=NAME,
        settings=settings,
        common=common,
        db=database,
        directory=Directory(database),
        verifier=Verifier(
            service=NAME, fetch_keys=fetch_keys, service_secret=common.service_secret
        ),
        feed=feed,
        custom_fields=CustomFields(database),
    )
    ours: Identity = make_identity(here, identity_settings, make_mail(identity_settings, common))
    here.more["identity"] = ours
    here.more[FIGURES] = (read_figures,)
    return here


def make_mail(settings: IdentitySettings, common: Common) -> QuietMail:
    folder = common.data_dir / "mail"
    return QuietMail(mail.make_mail(settings.smtp_url, folder, settings.mail_from))


def make_own(
    here: House, settings: GatewaySettings, common: Common, peers: Mapping[str, Upstream], pay: Pay
) -> Edge:
    """The application behind the door: identity's routes and the views over all services."""
    sources: dict[str, Source] = {name: source_of(peer) for name, peer in peers.items()}
    streams: dict[str, Stream] = {name: stream_of(peer) for name, peer in peers.items()}
    own_feed = APIRouter()
    own_feed.include_router(
        feed_router(NAME, Table.metadata, TOLD), prefix=OWN_FEED, include_in_schema=False
    )
    routers: Sequence[APIRouter] = [
        merged_events_router(sources),
        snapshots_router(streams),
        views_router(peers, data_dir=common.data_dir),
        jobs_router(peers),
        webhooks_router(peers),
        sync_router(peers),
        composite_router(here, peers, settings, pay),
        *ROUTERS,
        own_feed,
    ]
    own = create_app(
        name=NAME,
        title="Guanxi gateway",
        settings=settings,
        common=common,
        metadata=Table.metadata,
        resources=TOLD,
        routers=routers,
        consumers=lambda _: [
            *audit_consumers(common.services, common.service_secret),
            *erasure_consumers(common.services, common.service_secret),
        ],
        started=lambda house: running(house, peers, settings),
        house=here,
    )
    sources[NAME] = own_source(own, prefix=OWN_FEED)
    streams[NAME] = own_stream(own, prefix=OWN_FEED)
    return own


@contextlib.asynccontextmanager
async def running(
    here: House, peers: Mapping[str, Upstream], settings: GatewaySettings
) -> AsyncIterator[None]:
    """What goes on beside the requests, until the process ends."""
    chores: list[Callable[[], Coroutine[Any, Any, None]]] = [
        lambda: keep_revocations(here.db),
        lambda: forget_limits(here.db),
        lambda: keep_keys(here),
        lambda: keep_resuming(hands_of(here, peers, settings.composite_lease_seconds)),
    ]
    tasks = [asyncio.create_task(chore()) for chore in chores]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for peer in peers.values():
            peer.close()


async def forget_limits(database: Database) -> None:
    """Credentials that have not called for an hour need no row."""
    while True:
        await asyncio.sleep(FORGET_EVERY_SECONDS)
        try:
            await database.pool.execute(FORGET_SQL)
        except PASSING as error:
            _log.warning("rate limits cannot be tidied", error=repr(error))


async def keep_keys(here: House) -> None:
    """Signing keys are made before they are needed and dropped after they were."""
    while True:
        try:
            await identity(here).keyring.rotate(datetime.now(UTC))
        except PASSING as error:
            _log.warning("signing keys cannot be rotated", error=repr(error))
        await asyncio.sleep(FORGET_EVERY_SECONDS)


async def limit_of(here: House, settings: GatewaySettings, principal: Principal) -> Limit | None:
    """The organisation's own limit, else that of the settings; None where limits are off."""
    quota, window = settings.rate_quota, settings.rate_window_seconds
    if principal.organisation_id is None:
        return None
    try:
        row = await here.db.fetchrow(
            principal.organisation_id, LIMIT_SQL, principal.organisation_id
        )
    except PASSING as error:
        _log.warning("the organisation's limit cannot be read", error=repr(error))
        row = None
    if row is not None and row["rate_quota"] is not None:
        quota, window = row["rate_quota"], row["rate_window_seconds"] or window
    return Limit("calls", quota, window, quota) if quota > 0 else None

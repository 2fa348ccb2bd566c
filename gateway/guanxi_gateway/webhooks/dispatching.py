"""What a gateway worker does for webhooks: takes turns of endpoints, many at once, until it is told to end."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import aiohttp

from guanxi_gateway.away import PASSING
from guanxi_gateway.identity.identity import make_identity
from guanxi_gateway.identity.settings import IdentitySettings
from guanxi_gateway.settings import GatewaySettings
from guanxi_gateway.webhooks import turns
from guanxi_gateway.webhooks.bell import bells
from guanxi_gateway.webhooks.endpoints import sealing_keys
from guanxi_gateway.webhooks.reading import OwnersFeed
from guanxi_gateway.webhooks.sending import LookUp, Sender
from guanxi_gateway.webhooks.serving import Post, serve_endpoint
from guanxi_gateway.webhooks.settings import WebhookSettings
from guanxi_gateway.webhooks.turns import LeaseLost
from guanxi_shared import logs, mail
from guanxi_shared.db import Connection, Database
from guanxi_shared.errands import bare_house
from guanxi_shared.running_jobs import open_database
from guanxi_shared.settings import common, named_addresses

POOL: Final = 8
STATEMENT_TIMEOUT_MS: Final = 10_000
STOP_SECONDS: Final = 20.0
REST_SECONDS: Final = 0.2
MOST_REMEMBERED: Final = 10_000

Place = tuple[UUID, UUID]


async def dispatch_webhooks(_: Database, stopping: asyncio.Event) -> None:
    """`BESIDE` of the gateway's jobs. It has a pool of its own: those who wait for receivers hold none, and
    those who write results are to wait for each other and not to fail."""
    settings = GatewaySettings()
    database = PatientDatabase(
        settings.database_url, pool_size=POOL, statement_timeout_ms=STATEMENT_TIMEOUT_MS
    )
    await open_database(database, stopping)
    if stopping.is_set():
        return
    try:
        async with posting(database, settings, stopping) as post, ringing(post):
            await Dispatcher(post).run()
    finally:
        await database.close()


class PatientDatabase(Database):
    """Transactions wait for a connection however long that takes."""

    def __init__(self, url: str, *, pool_size: int, statement_timeout_ms: int) -> None:
        super().__init__(url, pool_size=pool_size, statement_timeout_ms=statement_timeout_ms)
        self._places = asyncio.Semaphore(pool_size)

    @asynccontextmanager
    async def transaction(self, organisation_id: UUID | None) -> AsyncIterator[Connection]:
        async with self._places, super().transaction(organisation_id) as connection:
            yield connection


@asynccontextmanager
async def posting(
    database: Database, settings: GatewaySettings, stopping: asyncio.Event,
    *, look_up: LookUp | None = None,
) -> AsyncIterator[Post]:  # fmt: skip
    shared, own, identity_settings = common(), WebhookSettings(), IdentitySettings()
    letters = mail.make_mail(
        identity_settings.smtp_url, shared.data_dir / "mail", identity_settings.mail_from
    )
    identity = make_identity(bare_house(database, "gateway", settings), identity_settings, letters)
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        Sender(own, look_up=look_up) as sender,
    ):
        yield Post(
            database=database, identity=identity, settings=own, sender=sender, mail=letters,
            keys=sealing_keys(identity, shared.service_secret), stopping=stopping,
            feed=OwnersFeed(session, shared.gateway_url),
        )  # fmt: skip


@asynccontextmanager
async def ringing(post: Post) -> AsyncIterator[None]:
    """Bells of the gateway and of all services, for as long as the block lasts."""
    shared = common()
    addresses = {"gateway": shared.gateway_url, **named_addresses(shared.services)}

    async def ring(organisations: Sequence[UUID]) -> None:
        await turns.ring(post.database, organisations)
        post.rung.set()

    async with bells(addresses, ring):
        yield


class Dispatcher:
    def __init__(self, post: Post) -> None:
        self._post = post
        self._served: dict[Place, asyncio.Task[None]] = {}
        self._ended_at: dict[Place, float] = {}

    async def run(self) -> None:
        """Until `stopping` is set; what is under way then is finished, if that takes no longer than a
        receiver may take."""
        post = self._post
        while not post.stopping.is_set():
            post.rung.clear()
            try:
                await self._take_turns()
            except PASSING as error:
                _log.warning("database away", what="webhooks", reason=repr(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(post.rung.wait(), post.settings.poll_seconds)
        if self._served:
            await asyncio.wait(self._served.values(), timeout=STOP_SECONDS)
        for task in self._served.values():
            task.cancel()
        await asyncio.gather(*self._served.values(), return_exceptions=True)

    async def _take_turns(self) -> None:
        post = self._post
        free = post.settings.endpoints - len(self._served)
        if free <= 0:
            return
        for place in await turns.due_turns(post.database, free):
            if place not in self._served and not self._rests(place):
                task = asyncio.create_task(self._serve(place))
                self._served[place] = task
                task.add_done_callback(partial(self._is_served, place))

    def _is_served(self, place: Place, _: "asyncio.Task[None]") -> None:
        self._served.pop(place, None)
        if len(self._ended_at) > MOST_REMEMBERED:
            self._ended_at.clear()
        self._ended_at[place] = time.monotonic()

    def _rests(self, place: Place) -> bool:
        """Where there is news all the time, an endpoint takes it by the many."""
        return time.monotonic() - self._ended_at.get(place, -REST_SECONDS) < REST_SECONDS

    async def _serve(self, place: Place) -> None:
        post, seconds = self._post, self._post.settings.lease_seconds
        try:
            lease = await turns.take_turn(post.database, *place, seconds=seconds)
            if lease is None:
                return
            next_at = await self._while_kept(place, lease)
            await turns.end_turn(post.database, place, lease, next_at=next_at)
        except LeaseLost:
            _log.info("another worker serves this endpoint", webhook=str(place[1]))
        except PASSING as error:
            _log.warning("a turn broke off", webhook=str(place[1]), reason=repr(error))
        except Exception as error:
            _log.error("a turn failed", webhook=str(place[1]), exc_info=error)

    async def _while_kept(self, place: Place, lease: UUID) -> datetime | None:
        """Serve an endpoint and give a sign of life meanwhile; LeaseLost ends the serving."""
        serving = asyncio.create_task(serve_endpoint(self._post, place, lease))
        keeping = asyncio.create_task(self._keep(place, lease))
        try:
            await asyncio.wait({serving, keeping}, return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                keeping.result()
            return await serving
        finally:
            for task in (serving, keeping):
                task.cancel()
            await asyncio.gather(serving, keeping, return_exceptions=True)

    async def _keep(self, place: Place, lease: UUID) -> None:
        seconds = self._post.settings.lease_seconds
        while True:
            await asyncio.sleep(seconds / 3)
            with contextlib.suppress(*PASSING):
                await turns.keep_turn(self._post.database, place, lease, seconds=seconds)


_log = logs.logger("webhooks")

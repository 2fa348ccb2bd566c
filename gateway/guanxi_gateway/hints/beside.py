"""What a gateway worker does for push hints: hears of news, waits a little, and hints."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import aiohttp
import asyncpg

from guanxi_gateway.hints.hinting import hint_organisation
from guanxi_gateway.hints.providers import PROVIDERS
from guanxi_gateway.hints.settings import HintSettings
from guanxi_gateway.identity.identity import make_identity
from guanxi_gateway.identity.settings import IdentitySettings
from guanxi_gateway.settings import GatewaySettings
from guanxi_gateway.webhooks.bell import listen
from guanxi_gateway.webhooks.dispatching import ended, opened
from guanxi_gateway.webhooks.reading import OwnersFeed
from guanxi_shared import logs, mail
from guanxi_shared.db import AWAY, Database
from guanxi_shared.directory import listening_client
from guanxi_shared.errands import bare_house
from guanxi_shared.errors import Problem
from guanxi_shared.settings import common, named_addresses

POOL: Final = 2
STATEMENT_TIMEOUT_MS: Final = 10_000
PASSING: Final = (*AWAY, asyncpg.PostgresError, TimeoutError, Problem, OSError)


async def send_hints(stopping: asyncio.Event) -> None:
    """Until `stopping` is set. A bell that was missed costs a hint and no change: phones pull all the same."""
    settings, own = HintSettings(), GatewaySettings()
    provider = PROVIDERS.get(settings.provider)
    if provider is None:
        return
    database = Database(own.database_url, pool_size=POOL, statement_timeout_ms=STATEMENT_TIMEOUT_MS)
    await opened(database, stopping)
    if stopping.is_set():
        return
    shared, identity_settings = common(), IdentitySettings()
    letters = mail.make_mail(None, shared.data_dir / "mail", identity_settings.mail_from)
    identity = make_identity(bare_house(database, "gateway", own), identity_settings, letters)
    waiting: set[UUID] = set()

    async def ring(organisations: Sequence[UUID]) -> None:
        waiting.update(organisations)

    clients = [
        listening_client(name, url, shared.service_secret, caller="gateway")
        for name, url in named_addresses(shared.services).items()
    ]
    bells = [asyncio.create_task(listen(client, ring)) for client in clients]
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            feed = OwnersFeed(session, shared.gateway_url)
            while not stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), settings.seconds)
                for organisation_id in waiting.copy():
                    waiting.discard(organisation_id)
                    try:
                        await hint_organisation(
                            database, identity, feed, provider(), settings, organisation_id
                        )
                    except PASSING as error:
                        _log.warning(
                            "no hints", organisation=str(organisation_id), reason=repr(error)
                        )
    finally:
        await ended(bells, clients)
        await database.close()


_log = logs.logger("hints")

"""What a gateway worker does for push hints: hears of news, waits a little, and hints."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import aiohttp

from guanxi_gateway.away import PASSING
from guanxi_gateway.hints.hinting import hint_organisation
from guanxi_gateway.hints.providers import PROVIDERS
from guanxi_gateway.hints.settings import HintSettings
from guanxi_gateway.identity.identity import make_identity
from guanxi_gateway.identity.settings import IdentitySettings
from guanxi_gateway.settings import GatewaySettings
from guanxi_gateway.webhooks.bell import bells
from guanxi_gateway.webhooks.reading import OwnersFeed
from guanxi_shared import logs, mail
from guanxi_shared.db import Database
from guanxi_shared.errands import bare_house
from guanxi_shared.errors import Problem
from guanxi_shared.running_jobs import open_database
from guanxi_shared.settings import common, named_addresses

POOL: Final = 2
STATEMENT_TIMEOUT_MS: Final = 10_000


async def send_hints(stopping: asyncio.Event) -> None:
    """Until `stopping` is set. A bell that was missed costs a hint and no change: phones pull all the same."""
    settings, own = HintSettings(), GatewaySettings()
    provider = PROVIDERS.get(settings.provider)
    if provider is None:
        return
    database = Database(own.database_url, pool_size=POOL, statement_timeout_ms=STATEMENT_TIMEOUT_MS)
    await open_database(database, stopping)
    if stopping.is_set():
        return
    shared, identity_settings = common(), IdentitySettings()
    letters = mail.make_mail(None, shared.data_dir / "mail", identity_settings.mail_from)
    identity = make_identity(bare_house(database, "gateway", own), identity_settings, letters)
    waiting: set[UUID] = set()

    async def ring(organisations: Sequence[UUID]) -> None:
        waiting.update(organisations)

    addresses = named_addresses(shared.services)
    try:
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            bells(addresses, ring),
        ):
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
                    except (*PASSING, Problem) as error:
                        _log.warning(
                            "no hints", organisation=str(organisation_id), reason=repr(error)
                        )
    finally:
        await database.close()


_log = logs.logger("hints")

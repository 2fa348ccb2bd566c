"""The whole gateway on a real port, a dispatcher beside it, and receivers on loopback."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from guanxi_gateway.app import assemble
from guanxi_gateway.edge import FrontDoor
from guanxi_gateway.identity.settings import IdentitySettings
from guanxi_gateway.settings import GatewaySettings
from guanxi_gateway.webhooks.dispatching import Dispatcher, PatientDatabase, posting, ringing
from guanxi_gateway.webhooks.serving import Post
from guanxi_shared.edge import Edge
from guanxi_shared.settings import Common
from tests.gateway.identity.conftest import (  # noqa: F401 (fixtures)
    ISSUER,
    anybody,
    company,
    found_company,
    house,
    mail_folder,
)
from tests.gateway.webhooks.receiver import Receiver, receiving
from tests.prepared import Clone
from tests.serving import served
from tests.stand_in import SECRET

QUICK = {
    "GATEWAY_WEBHOOK_HTTP": "1", "GATEWAY_WEBHOOK_NETWORKS": "127.0.0.0/8",
    "GATEWAY_WEBHOOK_POLL_SECONDS": "0.02", "GATEWAY_WEBHOOK_LEASE_SECONDS": "0.6",
    "GATEWAY_WEBHOOK_ANSWER_SECONDS": "1", "GATEWAY_WEBHOOK_CONNECT_SECONDS": "1",
    "GATEWAY_WEBHOOK_LOOK_SECONDS": "1",
}  # fmt: skip

Dispatching = Callable[[], AbstractAsyncContextManager[Post]]


@pytest.fixture(scope="session")
async def door(database: Clone, mail_folder: Path) -> AsyncIterator[FrontDoor]:  # noqa: F811
    urls = database.urls["gateway"]
    assert "gateway" not in database.failures, database.failures["gateway"]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUICK.items():
            patch.setenv(name, value)
        made = assemble(
            GatewaySettings(database_url=urls.request, feed_database_url=urls.feed, sign_in_quota=100_000),
            Common(service_secret=SECRET, data_dir=mail_folder.parent, log_level="error"),
            IdentitySettings(public_url=ISSUER, failed_sign_in_seconds=0.05),
        )  # fmt: skip
    own = made.own
    assert isinstance(own, Edge)
    async with own.app.router.lifespan_context(own.app):
        yield made


@pytest.fixture(scope="session")
async def gateway_port(door: FrontDoor) -> AsyncIterator[int]:
    async with served(door) as port:
        yield port


@pytest.fixture
def environment(database: Clone, gateway_port: int, mail_folder: Path) -> dict[str, str]:  # noqa: F811
    """What a worker of this gateway is told."""
    return {
        **QUICK, **database.environment("gateway"),
        "GUANXI_SERVICE_SECRET": SECRET, "GUANXI_GATEWAY_URL": f"http://127.0.0.1:{gateway_port}",
        "GUANXI_SERVICES": "", "GUANXI_DATA_DIR": str(mail_folder.parent),
        "GUANXI_LOG_LEVEL": "warning", "GATEWAY_PUBLIC_URL": ISSUER,
    }  # fmt: skip


@pytest.fixture
def dispatching(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Dispatching:
    """A dispatcher in this process for as long as the block lasts."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    @asynccontextmanager
    async def dispatch() -> AsyncIterator[Post]:
        settings, stopping = GatewaySettings(), asyncio.Event()
        database = PatientDatabase(settings.database_url, pool_size=4, statement_timeout_ms=5000)
        await database.open()
        try:
            async with posting(database, settings, stopping) as post, ringing(post):
                task = asyncio.create_task(Dispatcher(post).run())
                try:
                    yield post
                finally:
                    stopping.set()
                    await task
        finally:
            await database.close()

    return dispatch


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found

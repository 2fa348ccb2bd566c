"""The whole gateway in this process, on this worker's database."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from guanxi_gateway.app import assemble
from guanxi_gateway.edge import FrontDoor
from guanxi_gateway.identity.settings import IdentitySettings
from guanxi_gateway.settings import GatewaySettings
from guanxi_shared.auth import sign_service_token
from guanxi_shared.calls import House
from guanxi_shared.edge import Edge
from guanxi_shared.settings import Common
from tests.gateway.identity.people import PASSWORD, Company, Person, unique
from tests.prepared import Clone
from tests.stand_in import SECRET

ISSUER = "https://crm.example"


@pytest.fixture(scope="session")
def mail_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gateway") / "mail"


@pytest.fixture(scope="session")
async def door(database: Clone, mail_folder: Path) -> AsyncIterator[FrontDoor]:
    urls = database.urls["gateway"]
    assert "gateway" not in database.failures, database.failures["gateway"]
    made = assemble(
        GatewaySettings(
            database_url=urls.request, feed_database_url=urls.feed, sign_in_quota=100_000
        ),
        Common(service_secret=SECRET, data_dir=mail_folder.parent, log_level="error"),
        IdentitySettings(public_url=ISSUER, failed_sign_in_seconds=0.05),
    )
    own = made.own
    assert isinstance(own, Edge)
    async with own.app.router.lifespan_context(own.app):
        yield made


@pytest.fixture(scope="session")
def house(door: FrontDoor) -> House:
    own = door.own
    assert isinstance(own, Edge)
    found: House = own.state.house
    return found


@pytest.fixture
async def anybody(door: FrontDoor) -> AsyncIterator[httpx.AsyncClient]:
    """A client that has not said who it is."""
    transport = httpx.ASGITransport(app=door)
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as client:
        yield client


def service_token() -> str:
    return sign_service_token(SECRET, issuer="cli", audience="gateway", now=time.time())


@pytest.fixture
def found_company(anybody: httpx.AsyncClient) -> Callable[[], Awaitable[Company]]:
    async def found() -> Company:
        email = f"admin@{unique()}.example"
        answer = await anybody.post(
            "/v1/organisations",
            json={
                "name": "关系有限公司",
                "time_zone": "Asia/Shanghai",
                "admin": {"email": email, "name": "王芳", "password": PASSWORD},
            },
            headers={"authorization": f"Bearer {service_token()}"},
        )
        assert answer.status_code == 201, answer.text
        made = answer.json()
        admin = Person(anybody, id=made["admin_id"], email=email)
        await admin.sign_in()
        return Company(anybody, id=made["id"], admin=admin)

    return found


@pytest.fixture
async def company(found_company: Callable[[], Awaitable[Company]]) -> Company:
    """An organisation with its admin signed in."""
    return await found_company()

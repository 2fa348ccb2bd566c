"""The real gateway in front of the real contacts service, over loopback."""

import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from guanxi_contacts.app import create as create_contacts
from guanxi_gateway.app import assemble
from guanxi_gateway.identity.settings import IdentitySettings
from guanxi_gateway.settings import GatewaySettings
from guanxi_shared.auth import sign_service_token
from guanxi_shared.edge import Edge
from guanxi_shared.settings import Common
from tests.conftest import running, settle_environment
from tests.gateway.identity.people import PASSWORD, unique
from tests.prepared import Clone
from tests.serving import served
from tests.stand_in import SECRET, GatewayStandIn

LOWER_THE_LIMIT = """
UPDATE gateway.organisations SET rate_quota = 5, rate_window_seconds = 60
WHERE id = (SELECT organisation_id FROM gateway.users WHERE id = $1)
"""


def service_token() -> str:
    return sign_service_token(SECRET, issuer="cli", audience="gateway", now=time.time())


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture(scope="module")
async def url(database: Clone, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of a gateway in front of contacts; tickets is configured, but away."""
    folder: Path = tmp_path_factory.mktemp("suite")
    port, contacts_port = free_port(), free_port()
    address = f"http://127.0.0.1:{port}"
    urls = database.urls["gateway"]
    door = assemble(
        GatewaySettings(database_url=urls.request, feed_database_url=urls.feed),
        Common(
            service_secret=SECRET,
            data_dir=folder,
            log_level="error",
            gateway_url=address,
            services=f"contacts=http://127.0.0.1:{contacts_port},tickets=http://127.0.0.1:9",
        ),
        IdentitySettings(failed_sign_in_seconds=0.0),
    )
    own = door.own
    assert isinstance(own, Edge)
    with pytest.MonkeyPatch.context() as patch:
        settle_environment(patch, database, "contacts", GatewayStandIn(url=address), folder)
        contacts = create_contacts()
    async with (
        running(own),
        served(door, port=port),
        running(contacts),
        served(contacts, port=contacts_port),
    ):
        yield address


@pytest.fixture
async def admin(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The admin of a new organisation, signed in."""
    email = f"admin@{unique()}.example"
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as client:
        made = await client.post(
            "/v1/organisations",
            json={"name": "关系", "admin": {"email": email, "name": "王芳", "password": PASSWORD}},
            headers={"authorization": f"Bearer {service_token()}"},
        )
        assert made.status_code == 201, made.text
        signed = await client.post("/v1/auth/sign-in", json={"email": email, "password": PASSWORD})
        client.headers["authorization"] = f"Bearer {signed.json()['access_token']}"
        yield client


async def make_account(admin: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    made = await admin.post("/v1/accounts", json={"name": "张三有限公司", **more})
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def test_a_signed_in_user_works_with_customers_through_the_gateway(
    admin: httpx.AsyncClient,
) -> None:
    account = await make_account(admin)
    read = await admin.get(f"/v1/accounts/{account['id']}")
    unchanged = await admin.get(
        f"/v1/accounts/{account['id']}", headers={"if-none-match": read.headers["etag"]}
    )
    assert read.json()["name"] == "张三有限公司"
    assert read.headers["ratelimit"].startswith('"calls";r=')
    assert unchanged.status_code == 304


async def test_the_feed_tells_of_all_services_and_goes_on_behind_its_cursor(
    admin: httpx.AsyncClient,
) -> None:
    first = await admin.get("/v1/events")
    account = await make_account(admin)
    then = await admin.get(first.links["next"]["url"])
    # One that is late is left where it was: the same cursor asks it again.
    while "contacts" in then.headers["x-unavailable"].split(", "):
        then = await admin.get(first.links["next"]["url"])
    assert {event["type"] for event in first.json()} >= {"gateway.user.created"}
    assert [event["subject"] for event in then.json()] == [f"account/{account['id']}"]
    assert then.headers["x-unavailable"] == "tickets"


async def test_the_overview_marks_the_service_that_is_away(admin: httpx.AsyncClient) -> None:
    account = await make_account(admin)
    response = await admin.get(f"/v1/customers/{account['id']}/overview")
    missing = await admin.get("/v1/customers/01890000-0000-7000-8000-000000000000/overview")
    assert response.status_code == 200
    assert response.json()["account"]["data"]["id"] == account["id"]
    assert response.json()["parts"]["contacts"]["status"] == "ok"
    assert response.json()["parts"]["tickets"]["status"] == "unavailable"
    assert missing.status_code == 404


async def test_an_api_key_opens_services_until_it_is_revoked(admin: httpx.AsyncClient) -> None:
    account = await make_account(admin)
    made = await admin.post("/v1/api-keys", json={"name": "k", "scopes": ["accounts:read"]})
    headers = {"authorization": f"Bearer {made.json()['key']}"}
    path = f"/v1/accounts/{account['id']}"
    before = await admin.get(path, headers=headers)
    beyond = await admin.post("/v1/accounts", json={"name": "x"}, headers=headers)
    await admin.delete(f"/v1/api-keys/{made.json()['id']}")
    after = await admin.get(path, headers=headers)
    assert (before.status_code, beyond.status_code, after.status_code) == (200, 403, 401)


async def test_signing_out_ends_the_access_token_everywhere(admin: httpx.AsyncClient) -> None:
    account = await make_account(admin)
    out = await admin.post("/v1/auth/sign-out")
    after = await admin.get(f"/v1/accounts/{account['id']}")
    assert out.is_success
    assert after.status_code == 401


async def test_a_limit_of_the_organisation_replaces_the_general_one(
    admin: httpx.AsyncClient, database: Clone
) -> None:
    me = (await admin.get("/v1/me")).json()
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute(LOWER_THE_LIMIT, UUID(me["id"]))
    await connection.close()
    key = await admin.post("/v1/api-keys", json={"name": "k", "scopes": ["accounts:read"]})
    headers = {"authorization": f"Bearer {key.json()['key']}"}
    found = [(await admin.get("/v1/accounts", headers=headers)) for _ in range(6)]
    assert [response.status_code for response in found] == [200] * 5 + [429]
    assert found[-1].headers["ratelimit-policy"] == '"calls";q=5;w=60'


async def test_the_merged_document_has_unique_operations_and_resolves(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as client:
        document = (await client.get("/openapi.json")).json()
    operations = [
        operation["operationId"]
        for item in document["paths"].values()
        for verb, operation in item.items()
        if verb in ("get", "post", "put", "patch", "delete")
    ]
    assert len(operations) == len(set(operations))
    assert {"/v1/accounts", "/v1/auth/sign-in", "/v1/customers/{account_id}/overview"} <= set(
        document["paths"]
    )
    for reference in references(document):
        section, name = reference.removeprefix("#/components/").split("/")
        assert name in document["components"][section], reference


def references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [found for item in value.values() for found in references(item)]

"""Paths that are a secret themselves pass the door without a token, and stand in no log."""

from typing import Any

import pytest

from guanxi_gateway import routes
from tests.gateway.loopback import Service, bearer, in_front_of

FEED = "/v1/calendar/feeds/c2VjcmV0.ics"


async def away(*arguments: Any) -> None:
    """No Postgres behind the limits, which then count in memory."""
    raise OSError


async def test_a_feed_is_read_without_a_token_and_without_claims() -> None:
    service = Service()
    async with in_front_of(service, fetchrow=away) as client:
        claims = {"authorization": "Bearer nonsense", "x-directory-version": "9"}
        response = await client.get(FEED, headers={**claims, "if-none-match": '"1"'})
    assert response.status_code == 200, response.text
    seen = dict(response.json()["headers"])
    assert seen["if-none-match"] == '"1"'
    assert "authorization" not in seen
    assert "x-directory-version" not in seen
    assert seen["x-forwarded-for"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", FEED, 405),
        ("DELETE", FEED, 405),
        ("GET", "/v1/calendar/feeds", 401),
        ("GET", "/v1/calendar/feeds/1", 401),
        ("GET", "/v1/accounts/1.ics", 401),
    ],
)
async def test_nothing_else_passes_without_a_token(method: str, path: str, status: int) -> None:
    service = Service()
    async with in_front_of(service, fetchrow=away) as client:
        response = await client.request(method, path)
    assert response.status_code == status
    assert service.seen == []


async def test_who_reads_without_pause_is_told_to_wait() -> None:
    service = Service()
    async with in_front_of(service, fetchrow=away) as client:
        statuses = {(await client.get(FEED)).status_code for _ in range(400)}
        other = await client.get("/v1/accounts/1", headers=bearer())
    assert statuses == {200, 429}
    assert other.status_code == 200


def test_a_log_keeps_no_secret() -> None:
    assert routes.shown(FEED) == "/v1/calendar/feeds/…"
    assert routes.shown("/v1/accounts/1") == "/v1/accounts/1"


FORM = "/v1/public/forms/k3y"


async def test_what_is_public_is_written_to_without_a_token_by_any_page() -> None:
    service = Service(name="pipeline")
    async with in_front_of(service, fetchrow=away) as client:
        sent = await client.post(
            FORM, json={"name": "Ann"}, headers={"origin": "https://any.example"}
        )
        asked = await client.options(
            FORM, headers={"origin": "https://any.example", "access-control-request-method": "POST"}
        )
        refused = await client.delete(FORM)
    assert sent.status_code == 200, sent.text
    assert sent.headers["access-control-allow-origin"] == "*"
    seen = dict(sent.json()["headers"])
    assert "authorization" not in seen
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert (asked.status_code, asked.headers["access-control-allow-methods"]) == (
        204,
        "GET, HEAD, OPTIONS, POST, PUT",
    )
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, POST, PUT")
    assert routes.shown(FORM) == "/v1/public/…"


async def test_who_fills_a_form_without_pause_is_told_to_wait() -> None:
    service = Service(name="pipeline")
    async with in_front_of(service, fetchrow=away) as client:
        statuses = [(await client.post(FORM, json={})).status_code for _ in range(120)]
    assert set(statuses) == {200, 429}


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/v1/accounts/1/purchases", "pipeline"),
        ("/v1/accounts/1/stock", "pipeline"),
        ("/v1/accounts/purchases", "contacts"),
        ("/v1/accounts/1/files/purchases", "contacts"),
        ("/v1/accounts/1", "contacts"),
    ],
)
def test_what_is_told_of_an_account_by_another_service_is_asked_there(
    path: str, service: str
) -> None:
    assert routes.service_for(b"accounts", path.encode()) == service

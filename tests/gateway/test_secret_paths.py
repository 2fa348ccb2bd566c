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

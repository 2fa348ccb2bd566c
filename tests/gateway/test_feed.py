"""The merged feed over fake services: nothing lost, nothing skipped, nobody waited for in vain."""

import asyncio
import time
from typing import Any
from urllib.parse import parse_qs

import httpx
import orjson
import pytest

from guanxi_gateway.feed import decode_cursor, encode_cursor, merged_events_router
from guanxi_gateway.peers import source_of
from guanxi_gateway.upstream import Upstream
from guanxi_shared.errors import Malformed
from tests.deadlines import until_true
from tests.gateway.loopback import answer, bearer, gateway, token
from tests.gateway.own_app import own_app
from tests.serving import served


class FakeFeed:
    """A service's `/v1/events`: cursors `epoch:position`, long poll, as the real one."""

    def __init__(self, name: str, times: list[int]) -> None:
        self.name = name
        self.epoch = "e1"
        self.events = [self.event(at) for at in times]
        self.changed = asyncio.Event()
        self.asked: list[dict[str, str]] = []
        self.tokens: set[str] = set()

    def event(self, at: int) -> dict[str, Any]:
        return {
            "id": f"{self.name}-{at}",
            "type": f"{self.name}.thing.created",
            "time": f"2026-01-01T00:00:{at:02d}Z",
        }

    def add(self, at: int) -> None:
        self.events.append(self.event(at))
        self.changed.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        options = {k: v[0] for k, v in parse_qs(scope["query_string"].decode()).items()}
        self.asked.append(options)
        self.tokens.add(dict(scope["headers"])[b"authorization"].decode())
        epoch, _, position = options.get("after", f"{self.epoch}:0").partition(":")
        if epoch != self.epoch:
            await answer(send, 410, b'{"detail":"restored"}')
            return
        start, limit = int(position), int(options["limit"])
        if len(self.events) <= start and "wait" in options:
            hung_up = asyncio.create_task(gone(receive))
            woken = asyncio.create_task(self.changed.wait())
            await asyncio.wait(
                (hung_up, woken), timeout=float(options["wait"]), return_when="FIRST_COMPLETED"
            )
            hung_up.cancel()
            woken.cancel()
        found = self.events[start : start + limit]
        following = f"{self.epoch}:{start + len(found)}".encode()
        await answer(send, 200, orjson.dumps(found), [(b"x-next-after", following)])


async def gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Suite:
    """Two services, contacts and tickets, behind a gateway that merges their feeds."""

    def __init__(self, *feeds: FakeFeed) -> None:
        self.feeds = feeds
        self.peers: dict[str, Upstream] = {}
        self.servers: list[Any] = []

    async def __aenter__(self) -> httpx.AsyncClient:
        for feed in self.feeds:
            server = served(feed)
            port = await server.__aenter__()
            self.servers.append(server)
            self.peers[feed.name] = Upstream(feed.name, f"http://127.0.0.1:{port}")
        return await self.front()

    async def front(self) -> httpx.AsyncClient:
        sources = {name: source_of(peer) for name, peer in self.peers.items()}
        self.gateway = gateway({}, own=own_app([merged_events_router(sources)]))
        client = await self.gateway.__aenter__()
        client.headers.update(bearer(token(version=0)))
        return client

    async def __aexit__(self, *_: Any) -> None:
        await self.gateway.__aexit__(None, None, None)
        for peer in self.peers.values():
            peer.close()
        for server in self.servers:
            await server.__aexit__(None, None, None)


def ids(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [event["id"] for event in response.json()]


async def read_on(client: httpx.AsyncClient, **options: Any) -> tuple[list[str], str]:
    """Everything there is now, batch by batch along the `next` links, and the last cursor."""
    found: list[str] = []
    response = await client.get("/v1/events", params=options)
    while batch := ids(response):
        found += batch
        response = await client.get(response.links["next"]["url"])
    return found, response.headers["x-next-after"]


async def test_events_of_all_services_come_as_one_batch_by_time() -> None:
    one, other = FakeFeed("contacts", [1, 4, 5]), FakeFeed("tickets", [2, 3, 9])
    async with Suite(one, other) as client:
        response = await client.get("/v1/events")
    assert ids(response) == [
        "contacts-1", "tickets-2", "tickets-3", "contacts-4", "contacts-5", "tickets-9",
    ]  # fmt: skip
    assert response.headers["content-type"] == "application/cloudevents-batch+json"
    assert one.tokens == other.tokens == {client.headers["authorization"]}


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 1000])
async def test_paging_by_any_limit_misses_nothing_and_repeats_nothing(limit: int) -> None:
    one, other = FakeFeed("contacts", list(range(30))), FakeFeed("tickets", [5, 6])
    async with Suite(one, other) as client:
        first = await client.get("/v1/events", params={"limit": limit})
        found, _ = await read_on(client, limit=limit)
    assert len(ids(first)) == min(limit, 32)
    assert sorted(found) == sorted(e["id"] for e in one.events + other.events)
    in_order = [name for name in found if name.startswith("contacts")]
    assert in_order == [event["id"] for event in one.events]


async def test_a_service_that_is_away_is_left_where_it_was() -> None:
    one, other = FakeFeed("contacts", [1, 2]), FakeFeed("tickets", [1, 2])
    suite = Suite(one, other)
    async with suite as client:
        _, cursor = await read_on(client)
        address = suite.peers["tickets"].port
        one.add(3)
        other.add(3)
        suite.peers["tickets"].port = 9
        suite.peers["tickets"].close()
        during = await client.get("/v1/events", params={"after": cursor})
        suite.peers["tickets"].port = address
        after = await client.get("/v1/events", params={"after": during.headers["x-next-after"]})
    assert ids(during) == ["contacts-3"]
    assert during.headers["x-unavailable"] == "tickets"
    assert decode_cursor(during.headers["x-next-after"]) == {"contacts": "e1:3", "tickets": "e1:2"}
    assert ids(after) == ["tickets-3"]
    assert "x-unavailable" not in after.headers


async def test_a_long_poll_ends_as_soon_as_one_service_has_news() -> None:
    one, other = FakeFeed("contacts", [1]), FakeFeed("tickets", [1])
    async with Suite(one, other) as client:
        _, cursor = await read_on(client)
        began = time.monotonic()
        call = asyncio.create_task(client.get("/v1/events", params={"after": cursor, "wait": 20}))
        await until_true(lambda: any("wait" in asked for asked in other.asked))
        other.add(2)
        response = await call
        then = await client.get("/v1/events", params={"after": response.headers["x-next-after"]})
    assert ids(response) == ["tickets-2"]
    assert time.monotonic() - began < 10
    assert ids(then) == []


async def test_a_long_poll_without_news_ends_empty_with_the_same_cursor() -> None:
    async with Suite(FakeFeed("contacts", [1]), FakeFeed("tickets", [1])) as client:
        _, cursor = await read_on(client)
        response = await client.get("/v1/events", params={"after": cursor, "wait": 0.2})
    assert ids(response) == []
    assert response.headers["x-next-after"] == cursor


async def test_a_restored_service_is_410_with_a_cursor_that_starts_only_it_anew() -> None:
    one, other = FakeFeed("contacts", [1]), FakeFeed("tickets", [1])
    async with Suite(one, other) as client:
        _, cursor = await read_on(client)
        other.epoch = "e2"
        response = await client.get("/v1/events", params={"after": cursor})
        onwards = await client.get("/v1/events", params={"after": response.json()["next_after"]})
    assert (response.status_code, response.json()["service"]) == (410, "tickets")
    assert ids(onwards) == ["tickets-1"]


async def test_all_services_away_is_503() -> None:
    suite = Suite()
    suite.peers = {"contacts": Upstream("contacts", "http://127.0.0.1:9")}
    async with suite as client:
        response = await client.get("/v1/events", params={"wait": 5})
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"after": "nonsense"}, "after"),
        ({"after": "x" * 9000}, "after"),
        ({"after": encode_cursor({})[:-1] + "é"}, "after"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"wait": "nan"}, "wait"),
        ({"wait": "60"}, "wait"),
        ({"since": "1"}, "since"),
    ],
)
async def test_what_the_feed_does_not_take_is_400_naming_it(options: Any, field: str) -> None:
    async with Suite(FakeFeed("contacts", [1])) as client:
        response = await client.get("/v1/events", params=options)
    assert response.status_code == 400
    assert set(response.json()["errors"]) == {field}


async def test_without_the_permission_there_is_no_feed() -> None:
    async with Suite(FakeFeed("contacts", [1])) as client:
        client.headers.update(bearer(token(version=0, permissions=("accounts:read",))))
        response = await client.get("/v1/events")
    assert response.status_code == 403


def test_the_cursors_of_snapshots_are_taken_side_by_side() -> None:
    one, two = "contacts:" + "a" * 32 + ":5", "pipeline:" + "b" * 32 + ":7"
    assert decode_cursor(f"{one},{two}") == {
        "contacts": "a" * 32 + ":5", "pipeline": "b" * 32 + ":7",
    }  # fmt: skip
    for wrong in (f"{one},", one + "x", "contacts:5", f"{one} {two}"):
        with pytest.raises(Malformed):
            decode_cursor(wrong)

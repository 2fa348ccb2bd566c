"""The snapshot of all services: one stream, one cursor, and never half of it taken for the whole."""

from typing import Any

import httpx
import orjson
import pytest

from guanxi_gateway.feed import decode_cursor
from guanxi_gateway.peers import stream_of
from guanxi_gateway.snapshots import snapshots_router
from guanxi_gateway.upstream import Upstream
from tests.gateway.loopback import answer, bearer, gateway, token
from tests.gateway.own_app import own_app
from tests.serving import served

EPOCH = "a" * 32
NOWHERE = "http://127.0.0.1:9"


class FakeSnapshot:
    """A service's `/v1/{service}/snapshot`, long enough to be held back, and broken off where told."""

    def __init__(self, name: str, position: int, records: int, *, breaks_off: bool = False) -> None:
        self.name = name
        self.lines = [orjson.dumps({"cursor": f"{name}:{EPOCH}:{position}"})]
        self.lines += [self.line(number) for number in range(records)]
        self.breaks_off = breaks_off

    def line(self, number: int) -> bytes:
        record = {"id": number, "text": "x" * 100}
        return orjson.dumps({"service": self.name, "type": "thing", "record": record})

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if (scope["method"], scope["path"]) != ("POST", f"/v1/{self.name}/snapshot"):
            await answer(send, 404, b"{}")
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for line in self.lines:
            await send({"type": "http.response.body", "body": line + b"\n", "more_body": True})
        if self.breaks_off:
            raise OSError("killed")
        await send({"type": "http.response.body", "body": b""})


async def asked(*services: FakeSnapshot, away: str = "", **claims: Any) -> httpx.Response:
    streams, servers = {}, []
    for service in services:
        servers.append(served(service))
        port = await servers[-1].__aenter__()
        url = NOWHERE if service.name == away else f"http://127.0.0.1:{port}"
        streams[service.name] = stream_of(Upstream(service.name, url))
    try:
        async with gateway({}, own=own_app([snapshots_router(streams)])) as client:
            client.headers.update(bearer(token(version=0, **claims)))
            return await client.post("/v1/snapshot")
    finally:
        for server in servers:
            await server.__aexit__(None, None, None)


async def test_all_services_are_one_stream_behind_one_cursor() -> None:
    one, other = FakeSnapshot("contacts", 5, 9_000), FakeSnapshot("tickets", 7, 3)
    response = await asked(one, other, FakeSnapshot("analytics", 0, 0))
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    first, *lines = response.content.splitlines()
    assert decode_cursor(orjson.loads(first)["cursor"]) == {
        "analytics": f"{EPOCH}:0", "contacts": f"{EPOCH}:5", "tickets": f"{EPOCH}:7",
    }  # fmt: skip
    assert lines == one.lines[1:] + other.lines[1:]


async def test_without_one_of_the_services_there_is_no_snapshot() -> None:
    response = await asked(
        FakeSnapshot("contacts", 5, 3), FakeSnapshot("tickets", 7, 3), away="tickets"
    )
    assert (response.status_code, response.json()["code"]) == (503, "service_away")


@pytest.mark.filterwarnings("ignore")  # of uvicorn, that the fake broke off
async def test_a_service_that_dies_meanwhile_breaks_the_answer_off() -> None:
    dying = FakeSnapshot("contacts", 5, 9_000, breaks_off=True)
    with pytest.raises(httpx.RemoteProtocolError):
        await asked(dying, FakeSnapshot("tickets", 7, 3))


async def test_a_service_that_begins_with_something_else_is_an_upstream_problem() -> None:
    odd = FakeSnapshot("contacts", 5, 3)
    odd.lines[0] = b'{"cursor":5}'
    response = await asked(odd)
    assert (response.status_code, response.json()["code"]) == (502, "upstream")


async def test_without_the_permission_there_is_no_snapshot() -> None:
    response = await asked(FakeSnapshot("contacts", 5, 3), permissions=("accounts:read",))
    assert response.status_code == 403

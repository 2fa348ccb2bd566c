"""Webhook deliveries a second, against a bare loop of aiohttp that posts the same bytes to the same receiver."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import httpx

from guanxi_gateway.webhooks.payload_rules import message_of
from tests.bench.bench import Bench
from tests.bench.load import Refused
from tests.bench.processes import Hello
from tests.bench.report import Row

AT_ONCE = 8  # requests under way, of an endpoint as of the bare loop
PATIENCE_SECONDS = 90.0


def measure_webhooks(bench: Bench) -> Iterator[Row]:
    """A backlog of changes, sent from the moment that its endpoint is switched on."""
    count = 500 if bench.size.rounds <= 2 else 3_000
    headers = {"authorization": f"Bearer {bench.organisation.admin.token}"}
    with (
        Hello("tests.bench.receiver:app") as receiver,
        httpx.Client(base_url=bench.suite.url, headers=headers, timeout=60) as client,
    ):
        asked = {
            "url": receiver.url, "event_types": ["contacts.account.created"], "concurrency": AT_ONCE,
            "is_enabled": False,
        }  # fmt: skip
        webhook = _done(client.post("/v1/webhooks", json=asked))
        body = _change(client, count)
        began = time.monotonic()
        _done(client.patch(f"/v1/webhooks/{webhook['id']}", json={"is_enabled": True}))
        seconds = _wait(receiver.url, count)
        whole = time.monotonic() - began
        _done(client.patch(f"/v1/webhooks/{webhook['id']}", json={"is_enabled": False}))
        bare = asyncio.run(_bare(receiver.url, body, count))
    yield Row(
        "webhooks: deliveries", count / seconds, "a second", share=count / seconds / bare,
        of="a bare loop of aiohttp",
        note=f"{count:,} events of {len(body):,} bytes to one endpoint, {AT_ONCE} at once; {whole:.1f} s from"
        " switching it on to the last",
        details={"bare": bare},
    )  # fmt: skip


def _change(client: httpx.Client, count: int) -> bytes:
    """So many new accounts; what is sent of one of them."""
    for start in range(0, count, 500):
        names = [f"Webhook {n}" for n in range(start, min(start + 500, count))]
        operations = [{"op": "create", "data": {"name": name}} for name in names]
        _done(
            client.post(
                "/v1/accounts/batch", json={"mode": "all_or_nothing", "operations": operations}
            )
        )
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = client.get(
            "/v1/events",
            params={"types": "contacts.account.created", "limit": 1000, "after": cursor},
        )
        found, cursor = answer.json() or found, answer.headers["x-next-after"]
        if not answer.json():
            break
    return message_of(found[-1], format="standard", payload="full").body


def _wait(url: str, count: int) -> float:
    """Seconds between the first and the last one."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := httpx.get(url).json())["count"] < count:
        if time.monotonic() > deadline:
            raise Refused(f"{found['count']} of {count} deliveries came in time")
        time.sleep(0.1)
    return float(found["seconds"])


async def _bare(url: str, body: bytes, count: int) -> float:
    left = iter(range(count))

    async def post(session: aiohttp.ClientSession) -> None:
        for _ in left:
            async with session.post(url, data=body) as answer:
                await answer.read()

    async with aiohttp.ClientSession() as session:
        began = time.perf_counter()
        await asyncio.gather(*(post(session) for _ in range(AT_ONCE)))
        return count / (time.perf_counter() - began)


def _done(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise Refused(f"{answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
    found: dict[str, Any] = answer.json()
    return found

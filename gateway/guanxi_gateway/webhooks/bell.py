"""Who has news: each service is asked, by long poll, whose events there are, and their endpoints are rung.

A bell only makes haste. One that was missed costs time and no event: an endpoint looks for itself now and
then, and its cursor knows where it is.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson

from guanxi_gateway.away import PASSING
from guanxi_shared import logs
from guanxi_shared.directory import listening_client
from guanxi_shared.errors import Problem
from guanxi_shared.http import ServiceClient
from guanxi_shared.settings import common

WAIT_SECONDS = 20
PAUSE_SECONDS = 1.0

Ring = Callable[[Sequence[UUID]], Awaitable[None]]


@asynccontextmanager
async def bells(addresses: Mapping[str, str], ring: Ring) -> AsyncIterator[None]:
    """One at each of the services, for as long as the block lasts."""
    secret = common().service_secret
    clients = [
        listening_client(name, url, secret, caller="gateway") for name, url in addresses.items()
    ]
    tasks = [asyncio.create_task(listen(client, ring)) for client in clients]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in clients:
            await client.aclose()


async def listen(client: ServiceClient, ring: Ring) -> None:
    """Until cancelled."""
    place: dict[str, Any] = {}
    while True:
        try:
            place = await _news(client, place, ring)
        except (*PASSING, Problem) as error:
            _log.debug("no news to be had", service=client.name, error=str(error))
            await asyncio.sleep(PAUSE_SECONDS)


async def _news(client: ServiceClient, place: dict[str, Any], ring: Ring) -> dict[str, Any]:
    answer = await client.request(
        "GET", "/internal/news", params={**place, "wait": WAIT_SECONDS},
        timeout_seconds=WAIT_SECONDS + 10,
    )  # fmt: skip
    found = orjson.loads(answer.content)
    if found.get("organisations"):
        await ring([UUID(text) for text in found["organisations"]])
    return {"epoch": found["epoch"], "after": found["reached"]}


_log = logs.logger("webhooks")

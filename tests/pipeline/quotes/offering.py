"""Quotes as tests make, send and answer them."""

from typing import Any

import httpx

from tests.pipeline.products.selling import cny, made


def line(price: str = "100.00", **more: Any) -> dict[str, Any]:
    return {"name": "Consulting", "unit_price": cny(price)} | more


async def quote(client: httpx.AsyncClient, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    sent = {"name": "Offer", "lines": list(lines) or [line()]} | more
    return await made(client, "/v1/quotes", **sent)


async def act(
    client: httpx.AsyncClient, found: dict[str, Any], verb: str, status: int = 200, **sent: Any
) -> dict[str, Any]:
    answer = await client.post(f"/v1/quotes/{found['id']}/{verb}", json=sent)
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def sent_quote(
    client: httpx.AsyncClient, *lines: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """A quote that was sent, with its `link`."""
    return await act(client, await quote(client, *lines, **more), "send")


async def told(client: httpx.AsyncClient, found: dict[str, Any]) -> list[str]:
    """The verbs of its history, the oldest first."""
    history = (await client.get(f"/v1/quotes/{found['id']}/history")).json()["data"]
    return [each["type"].rpartition(".")[2] for each in reversed(history)]

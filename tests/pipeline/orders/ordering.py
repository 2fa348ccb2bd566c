"""Orders as tests write them."""

from typing import Any

import httpx

PATH = "/v1/orders"


def cny(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def line(
    sku: str = "GX-1", quantity: float = 3, price: str = "19.99", **more: Any
) -> dict[str, Any]:
    return {"sku": sku, "quantity": quantity, "unit_price": cny(price)} | more


def order(account_id: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"account_id": account_id, "lines": list(lines) or [line()]} | more


async def made(client: httpx.AsyncClient, document: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(PATH, json=document)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def acted(
    client: httpx.AsyncClient, order_id: str, verb: str, **document: Any
) -> dict[str, Any]:
    answer = await client.post(f"{PATH}/{order_id}/{verb}", json=document)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def verbs_of(client: httpx.AsyncClient, order_id: str) -> list[str]:
    """What was told of an order, the oldest first."""
    entries = (await client.get(f"{PATH}/{order_id}/history")).json()["data"]
    return [entry["type"].rpartition(".")[2] for entry in reversed(entries)]

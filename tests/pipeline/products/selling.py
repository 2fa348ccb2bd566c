"""What tests of products, price books and quotes begin with."""

from collections.abc import Mapping
from typing import Any

import httpx


def cny(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


async def made(client: httpx.AsyncClient, path: str, **sent: Any) -> dict[str, Any]:
    answer = await client.post(path, json=sent)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def product(client: httpx.AsyncClient, sku: str, **more: Any) -> dict[str, Any]:
    sent = {"sku": sku, "name": f"Product {sku}", "prices": [cny("100.00")]} | more
    return await made(client, "/v1/products", **sent)


async def price_book(
    client: httpx.AsyncClient, name: str, *entries: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    book = await made(client, "/v1/price-books", **{"name": name, "currency": "CNY"} | more)
    answer = await client.put(
        f"/v1/price-books/{book['id']}/entries", json={"entries": list(entries)}
    )
    assert answer.status_code == 200, answer.text
    return book


def entry(product_id: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"product_id": product_id, "unit_price": cny(amount)} | more


async def price_of(
    client: httpx.AsyncClient, product_id: str, quantity: float = 1, **more: Any
) -> dict[str, Any]:
    sent = {"currency": "CNY", "lines": [{"product_id": product_id, "quantity": quantity}]} | more
    answer = await client.post("/v1/price-books/price", json=sent)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["lines"][0]
    return found

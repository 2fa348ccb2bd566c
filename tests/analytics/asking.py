"""Queries and orders as tests send them."""

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx

from tests.pipeline.orders.ordering import line, made, order

QUERY = "/v1/analytics/query"
YEAR: Final = datetime.now(ZoneInfo("Asia/Shanghai")).year
"""This year, which reports show if they are not told another."""


async def account_made(
    client: httpx.AsyncClient, other: httpx.AsyncClient, name: str, **more: Any
) -> str:
    """An account of contacts, taken on trust by pipeline."""
    answer = await client.post("/v1/accounts", json={"name": name, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def sold(
    client: httpx.AsyncClient,
    account_id: str,
    on: str,
    price: str,
    quantity: float = 1,
    **more: Any,
) -> dict[str, Any]:
    """An order of one line, placed on a day and delivered."""
    lines = [line(sku=more.pop("sku", "GX-1"), quantity=quantity, price=price, **more)]
    document = order(account_id, *lines) | {"ordered_on": on, "status": "fulfilled"}
    return await made(client, document)


async def asked(client: httpx.AsyncClient, *measures: str, **more: Any) -> dict[str, Any]:
    answer = await client.post(QUERY, json={"measures": list(measures), **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def cells(found: dict[str, Any], measure: str) -> dict[tuple[Any, ...], Any]:
    """The values of a measure by the labels of its row."""
    return {tuple(row["dimensions"].values()): row["values"][measure] for row in found["rows"]}


def money(amount: str, currency: str = "CNY") -> dict[str, str]:
    return {"amount": amount, "currency": currency}

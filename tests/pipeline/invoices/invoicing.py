"""Invoices and payments as tests write them."""

from typing import Any

import httpx

from tests.pipeline.orders.ordering import PATH as ORDERS
from tests.pipeline.orders.ordering import cny, line, order
from tests.pipeline.orders.ordering import made as ordered

INVOICES, PAYMENTS = "/v1/invoices", "/v1/payments"

__all__ = ["INVOICES", "ORDERS", "PAYMENTS", "cny"]


async def invoiced(
    user: httpx.AsyncClient, account_id: str, amount: str = "100.00", **more: Any
) -> dict[str, Any]:
    return await made(user, INVOICES, account_id=account_id, amount=cny(amount), **more)


async def paid(
    user: httpx.AsyncClient, invoice_id: str, amount: str, **more: Any
) -> dict[str, Any]:
    return await made(user, PAYMENTS, invoice_id=invoice_id, amount=cny(amount), **more)


async def an_order(
    user: httpx.AsyncClient, account_id: str | None, *lines: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """Of 100.00, placed."""
    sent = order(
        account_id or "", *(lines or [line("A", 4, "25.00")]), **{"status": "placed", **more}
    )
    return await ordered(user, sent | {"account_id": account_id})


async def made(user: httpx.AsyncClient, path: str, **document: Any) -> dict[str, Any]:
    return done(await user.post(path, json=document), 201)


async def got(user: httpx.AsyncClient, path: str, id: str) -> dict[str, Any]:
    return done(await user.get(f"{path}/{id}"))


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(answer: httpx.Response, status: int, code: str, field: str) -> str:
    """What a refusal says of the field."""
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert (problem["code"], list(problem["errors"])) == (code, [field]), problem
    return str(problem["errors"][field])


async def told_of(user: httpx.AsyncClient, path: str, id: str) -> list[str]:
    """The verbs of a record's log, the oldest first."""
    entries = done(await user.get(f"{path}/{id}/history"))["data"]
    return [entry["type"].rpartition(".")[2] for entry in reversed(entries)]

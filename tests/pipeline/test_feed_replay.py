"""Whoever replays the feed from its start holds what the tables hold: all that analytics will need."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest

from guanxi_pipeline.quotes.expiring import expire_quotes
from guanxi_pipeline.resources import LOGGED
from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Known, Stages
from tests.pipeline.deals import moved
from tests.pipeline.leads.fake_contacts import FakeContacts
from tests.pipeline.orders.ordering import acted, order
from tests.pipeline.orders.ordering import line as order_line
from tests.pipeline.products.selling import cny, entry, made, price_book, product
from tests.pipeline.quotes.offering import act, line, sent_quote
from tests.pipeline.quotes.test_expiry import move as set_last_day
from tests.replaying import Consumer, listed, snapshot_of

PATHS = {
    "pipeline": "/v1/pipelines", "lead": "/v1/leads", "opportunity": "/v1/opportunities",
    "product": "/v1/products", "price_book": "/v1/price-books", "quote": "/v1/quotes",
    "order": "/v1/orders", "stock_report": "/v1/orders/stock-reports",
    "exchange_rate": "/v1/exchange-rates", "quota": "/v1/quotas",
    "invoice": "/v1/invoices", "payment": "/v1/payments", "territory": "/v1/territories",
}  # fmt: skip
NAMED = {
    "lead": "name", "opportunity": "name", "product": "name", "price_book": "name",
    "quote": "name", "order": "description", "stock_report": "note", "quota": "note",
    "exchange_rate": "source", "invoice": "notes", "payment": "notes", "territory": "description",
}  # fmt: skip
PROMISED = {
    "lead.created", "lead.assigned", "lead.converted", "lead.disqualified", "lead.recycled",
    "opportunity.created", "opportunity.updated", "opportunity.moved", "opportunity.won",
    "opportunity.lost", "opportunity.reopened", "opportunity.deleted", "opportunity.restored",
    "quote.created", "quote.sent", "quote.accepted", "quote.rejected", "quote.expired", "quote.revised",
    "order.created", "order.placed", "order.changed", "order.fulfilled", "order.refunded",
    "invoice.created", "invoice.updated", "payment.created", "forecast.submitted", "price_book.updated", "product.updated", "territory.created", "territory_account.created", "territory_account.updated",
    "territory_account.deleted",
}  # fmt: skip
EDITS = 120


async def lead_lives(user: httpx.AsyncClient, organisation: Organisation) -> None:
    first, second, third = [
        await made(user, "/v1/leads", name=f"李 {n}", company="Acme") for n in range(3)
    ]
    for id, verb, sent in (
        (first["id"], "assign", {"owner_id": str(organisation.rep2.id)}),
        (second["id"], "disqualify", {"reason": "Spam"}), (second["id"], "recycle", {}),
        (third["id"], "convert", {"opportunity": {"amount": cny("1000")}}),
    ):  # fmt: skip
        done = await user.post(f"/v1/leads/{id}/{verb}", json=sent)
        assert done.status_code == 200, done.text


async def deal_lives(user: httpx.AsyncClient, stages: Stages, account_id: str) -> None:
    won, lost, gone = [
        await made(user, "/v1/opportunities", name=name, account_id=account_id, amount=cny("70"))
        for name in ("Won", "Lost", "Gone")
    ]
    for id, name, more in (
        (won["id"], "Won", {}), (lost["id"], "Needs analysis", {}), (lost["id"], "Lost", {"reason": "price"}),
        (lost["id"], "Qualification", {}),
    ):  # fmt: skip
        done = await moved(user, id, stages[name], **more)
        assert done.status_code == 200, done.text
    path = f"/v1/opportunities/{gone['id']}"
    splits = [{"user_id": won["owner_id"], "share": 100}]
    for done in (
        await user.patch(path, json={"next_step": "Call", "splits": splits}),
        await user.delete(path), await user.post(path + "/restore"),
    ):  # fmt: skip
        assert done.status_code == 200, done.text


async def quote_lives(
    user: httpx.AsyncClient, product_id: str, account_id: str, days: Database, whose: Organisation
) -> None:
    sold = {"product_id": product_id, "quantity": 3, "discount": 5}
    accepted = await sent_quote(user, sold, line("9.99", tax_rate=13), account_id=account_id)
    await act(user, accepted, "accept", name="李雷")
    await act(user, await sent_quote(user), "reject", name="李雷", reason="Too dear")
    await act(user, await sent_quote(user, line("0.01")), "revise", 201)
    over = await sent_quote(user)
    yesterday = datetime.now(UTC).date() - timedelta(days=2)
    await set_last_day(days, whose, over["id"], yesterday)
    await expire_quotes.duty(days)


async def order_lives(user: httpx.AsyncClient, account_id: str) -> None:
    placed = await made(user, "/v1/orders", **order(account_id, order_line("A", 3, "33.33")))
    path = f"/v1/orders/{placed['id']}"
    await acted(user, placed["id"], "place", ordered_on="2026-11-02")
    more = [placed["lines"][0] | {"quantity": 4, "amount": None}]
    keys = ("id", "sku", "quantity", "unit_price")
    changed = await user.patch(path, json={"lines": [{k: more[0][k] for k in keys}]})
    assert changed.status_code == 200, changed.text
    await acted(user, placed["id"], "fulfil")
    back = [{"line_id": changed.json()["lines"][0]["id"], "quantity": 1}]
    await acted(user, placed["id"], "returns", reason="Broken", lines=back)
    owed = await made(user, f"/v1/orders/{placed['id']}/invoice", amount=cny("50.00"))
    await made(user, "/v1/payments", invoice_id=owed["id"], amount=cny("20.00"))
    month = {
        "account_id": account_id,
        "sku": "A",
        "month": "2026-01",
        "opening": 5,
        "bought": 2,
        "sold": 1,
    }
    await made(user, "/v1/orders/stock-reports", **month)


async def territory_lives(admin: httpx.AsyncClient, account_id: str, other_id: str) -> None:
    """One account goes from one to the other, the other one is let go."""
    paths = [
        f"/v1/territories/{(await made(admin, '/v1/territories', name=name))['id']}/accounts"
        for name in ("East", "West")
    ]
    for method, path in (
        ("PUT", f"{paths[0]}/{account_id}"), ("PUT", f"{paths[1]}/{account_id}"),
        ("PUT", f"{paths[1]}/{other_id}"), ("DELETE", f"{paths[1]}/{other_id}"),
    ):  # fmt: skip
        done = await admin.request(method, path)
        assert done.status_code == 200, done.text


async def settings_live(admin: httpx.AsyncClient, organisation: Organisation) -> str:
    found = await product(admin, "P-1")
    book = await price_book(admin, "List", entry(found["id"], "88.00"))
    again = [entry(found["id"], "77.00")]
    put = await admin.put(f"/v1/price-books/{book['id']}/entries", json={"entries": again})
    assert put.status_code == 200, put.text
    rate = {"currency": "USD", "base": "CNY", "valid_on": "2026-11-02", "rate": 7.1034}
    await made(admin, "/v1/exchange-rates", **rate)
    quota = {"period": "quarter", "starts_on": "2026-10-01", "amount": cny("900000")}
    await made(admin, "/v1/quotas", owner_id=str(organisation.rep.id), **quota)
    said = {"period": "2026-Q4", "commit": cny("5")}
    call = await admin.post("/v1/forecasts/calls", json=said)
    assert call.status_code == 200, call.text
    return str(found["id"])


async def edited(admin: httpx.AsyncClient, random: Random) -> None:
    """Anybody changes, deletes and brings back anything; what the rules forbid is refused whole."""
    known = {noun: sorted(await listed(admin, PATHS[noun])) for noun in NAMED}
    for n in range(EDITS):
        noun = random.choice(sorted(NAMED))
        path = f"{PATHS[noun]}/{random.choice(known[noun])}"
        done = await random.choice((
            lambda p, f: admin.patch(p, json={f: f"edit {n}"}),  # noqa: B023
            lambda p, f: admin.patch(p, json={f: f"{n} 张三"}),  # noqa: B023
            lambda p, _: admin.delete(p), lambda p, _: admin.post(p + "/restore"),
        ))(path, NAMED[noun])  # fmt: skip
        assert done.status_code in (200, 404, 405, 409), (path, done.text)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_consumer_that_replays_the_feed_ends_with_the_tables_content(
    client: Clients, organisation: Organisation, stages: Stages, account: Known,
    contacts_fake: FakeContacts, service_database: Database, seed: int,
) -> None:  # fmt: skip
    admin, account_id = client(organisation.admin), await account()
    product_id = await settings_live(admin, organisation)
    await lead_lives(admin, organisation)
    await deal_lives(admin, stages, account_id)
    await quote_lives(admin, product_id, account_id, service_database, organisation)
    await order_lives(admin, account_id)
    await territory_lives(admin, account_id, await account("Other"))
    assert {noun for noun, _ in await snapshot_of(admin, "pipeline")} >= {
        *PATHS,
        "territory_account",
    }
    await edited(admin, Random(seed))
    consumer = await Consumer().follow(admin)
    assert consumer.verbs >= PROMISED, PROMISED - consumer.verbs
    assert consumer.sequence == sorted(set(consumer.sequence))
    shown = await snapshot_of(admin, "pipeline")
    assert consumer.states == shown
    shows = {resource.noun: set(resource.shown) for resource in LOGGED}
    for noun, path in PATHS.items():
        told = consumer.of(noun)
        assert {id: _only(row, shows[noun]) for id, row in (await listed(admin, path)).items()} == {
            id: _only(row, shows[noun]) for id, row in told.items()
        }


def _only(row: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in names}

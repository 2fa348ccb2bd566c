"""Totals equal the sources: whatever is done to orders, analytics says what pipeline's own tables say, now and of
every moment on the way."""

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import pytest

from guanxi_pipeline.references.heard import TYPES, apply_contacts_events
from guanxi_shared import http
from guanxi_shared.consumers import Consumer
from guanxi_shared.directory import feed_over_http
from tests.analytics import accounting, complaining, invoicing
from tests.analytics.asking import account_made, asked, sold
from tests.analytics.conftest import STAND, Hear
from tests.analytics.test_referrals import by_walking
from tests.factories import Clients, Organisation
from tests.hearing import one_by_one
from tests.pipeline.orders.ordering import PATH, cny, line
from tests.pipeline.products.selling import product

SOURCE = """
SELECT month::text, account_id, sum(amount) AS amount, sum(quantity) AS quantity, count(DISTINCT order_id) FILTER (WHERE
  is_bought) AS orders FROM (
  SELECT to_char(o.ordered_on, 'YYYY-MM') AS month, o.account_id, o.id AS order_id, l.amount, l.quantity, true AS is_bought
  FROM pipeline.orders o JOIN pipeline.order_lines l ON l.organisation_id = o.organisation_id AND l.order_id = o.id
  WHERE o.organisation_id = $1 AND o.deleted_at IS NULL AND o.status NOT IN ('draft', 'cancelled')
  UNION ALL
  SELECT to_char(r.returned_on, 'YYYY-MM'), o.account_id, o.id, -l.amount, -l.quantity, false
  FROM pipeline.orders o
  JOIN pipeline.order_returns r ON r.organisation_id = o.organisation_id AND r.order_id = o.id
  JOIN pipeline.order_return_lines l ON l.organisation_id = r.organisation_id AND l.return_id = r.id
  WHERE o.organisation_id = $1 AND o.deleted_at IS NULL
) AS entries GROUP BY 1, 2
"""
SUMMARY = """
SELECT c.customer_id, c.amount, c.orders, c.days, c.first_on, c.last_on, c.bought, c.day_squares, c.first_day
FROM analytics.customer_summaries c WHERE c.organisation_id = $1
"""
BOUGHT = """
SELECT account_id, count(*) AS days, sum(orders) AS orders, min(ordered_on) AS first_on, max(ordered_on) AS last_on,
  sum(bought) AS bought, sum(bought * bought) AS day_squares, (array_agg(bought ORDER BY ordered_on))[1] AS first_day
FROM (
  SELECT o.account_id, o.ordered_on, count(DISTINCT o.id) AS orders, sum(l.amount) AS bought
  FROM pipeline.orders o JOIN pipeline.order_lines l ON l.organisation_id = o.organisation_id AND l.order_id = o.id
  WHERE o.organisation_id = $1 AND o.deleted_at IS NULL AND o.status NOT IN ('draft', 'cancelled')
  GROUP BY o.account_id, o.ordered_on
) AS days GROUP BY account_id
"""
Figures = dict[tuple[str, str], tuple[Decimal, float, int]]


class Story:
    """Random deeds of somebody who may do everything."""

    def __init__(self, rng: random.Random, client: httpx.AsyncClient, accounts: list[str]) -> None:
        self.rng, self.client, self.accounts = rng, client, accounts
        self.orders: dict[str, dict[str, Any]] = {}

    async def step(self) -> None:
        deeds = [
            self.sell,
            self.sell,
            self.change,
            self.give_back,
            self.cancel,
            self.delete,
            self.restore,
        ]
        await self.rng.choice(deeds)()

    def day(self) -> str:
        return (date(2026, 1, 1) + timedelta(days=self.rng.randrange(120))).isoformat()

    def any_order(self) -> dict[str, Any] | None:
        return self.rng.choice(list(self.orders.values())) if self.orders else None

    async def sell(self) -> None:
        price = f"{self.rng.randrange(1, 9_999)}.{self.rng.randrange(100):02d}"
        cost = {"cost": cny("1.25")} if self.rng.random() < 0.5 else {}
        account = self.rng.choice(self.accounts)
        made = await sold(self.client, account, self.day(), price, self.rng.randrange(1, 5), **cost)
        self.orders[made["id"]] = made

    async def change(self) -> None:
        """Drafts and placed ones only; the others refuse, which is a deed, too."""
        if (order := self.any_order()) is None:
            return
        change = self.rng.choice(
            [
                {"account_id": self.rng.choice(self.accounts)},
                {"source": self.rng.choice(["fair", "web", None])},
                {"lines": [line(price="3.33"), line(sku="B", quantity=2)]},
            ]
        )
        await self.do("patch", order, "", change)

    async def give_back(self) -> None:
        if (order := self.any_order()) is None:
            return
        part = {"line_id": order["lines"][0]["id"], "quantity": 1}
        body = {"reason": "Broken", "lines": [part]}
        if self.rng.random() < 0.5:
            body["returned_on"] = "2026-06-0" + str(self.rng.randrange(1, 9))
        await self.do("post", order, "/returns", body)

    async def cancel(self) -> None:
        day = self.day()
        document = {
            "account_id": self.rng.choice(self.accounts), "ordered_on": day, "status": "placed", "lines": [line()],
        }  # fmt: skip
        order = (await self.client.post(PATH, json=document)).json()
        self.orders[order["id"]] = order
        if self.rng.random() < 0.5:
            await self.do("post", order, "/cancel", {"reason": "twice"})

    async def delete(self) -> None:
        if (order := self.any_order()) is not None:
            await self.do("delete", order, "", None)

    async def restore(self) -> None:
        if (order := self.any_order()) is not None:
            await self.do("post", order, "/restore", None)

    async def do(self, method: str, order: Mapping[str, Any], path: str, body: Any) -> None:
        more = {} if body is None else {"json": body}
        answer = await self.client.request(method.upper(), f"{PATH}/{order['id']}{path}", **more)
        assert answer.status_code < 500, answer.text


async def rows_of(
    database: Any, sql: str, organisation: Organisation, *more: Any
) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(database.admin_url)
    try:
        return [dict(row) for row in await connection.fetch(sql, organisation.id, *more)]
    finally:
        await connection.close()


async def in_pipeline(database: Any, organisation: Organisation) -> Figures:
    return {
        (row["month"], str(row["account_id"])): (row["amount"], float(row["quantity"]), row["orders"])
        for row in await rows_of(database, SOURCE, organisation)
    }  # fmt: skip


async def in_analytics(client: httpx.AsyncClient, **more: Any) -> Figures:
    found = await asked(
        client, "revenue", "quantity", "orders", dimensions=["month", "account"], **more
    )
    return {
        (row["dimensions"]["month"], row["dimensions"]["account"]): (
            Decimal(row["values"]["revenue"]["amount"]), row["values"]["quantity"], row["values"]["orders"],
        )
        for row in found["rows"]
    }  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_stories_end_with_the_sums_of_the_source(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, hear: Hear, database: Any,
    seed: int,
) -> None:  # fmt: skip
    people, rep = customers(everywhere.admin), sales(everywhere.admin)
    accounts = [await account_made(people, rep, f"Customer {n}") for n in range(3)]
    story, admin = Story(random.Random(seed), rep, accounts), client(everywhere.admin)
    moments: list[tuple[str, Figures]] = []
    for _ in range(5):
        for _ in range(12):
            await story.step()
        moments.append((datetime.now(UTC).isoformat(), await in_pipeline(database, everywhere)))
        if len(moments) % 2:
            await hear()
            assert await in_analytics(admin) == moments[-1][1]
    await hear()
    for at, figures in moments:
        assert await in_analytics(admin, as_of=at) == figures
    assert len(moments[-1][1]) >= 4
    kept = {row["customer_id"]: row for row in await rows_of(database, SUMMARY, everywhere)}
    bought = await rows_of(database, BOUGHT, everywhere)
    assert bought
    for row in bought:
        summary = kept[row.pop("account_id")]
        assert {name: summary[name] for name in row} == row


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_invoices_and_payments_are_summed_as_their_source_has_them(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, hear: Hear, database: Any,
    seed: int,
) -> None:  # fmt: skip
    people, rep = customers(everywhere.admin), sales(everywhere.admin)
    accounts = [await account_made(people, rep, f"Customer {n}") for n in range(3)]
    story, admin = invoicing.Invoices(random.Random(seed), rep, accounts), client(everywhere.admin)
    moments: list[tuple[str, dict[Any, Any]]] = []
    for _ in range(5):
        for _ in range(25):
            await story.step()
        moments.append(
            (datetime.now(UTC).isoformat(), await owed_in_pipeline(database, everywhere))
        )
        if len(moments) % 2:
            await hear()
            assert await owed_in_analytics(admin) == moments[-1][1]
    await hear()
    for at, figures in moments:
        assert await owed_in_analytics(admin, as_of=at) == figures
    assert await rows_of(database, invoicing.PAID, everywhere) == [{"count": 0}]
    for name in ("outstanding", "overdue", "days_to_pay", "paid_late"):
        told = [row[name] for _, figures in moments for row in figures.values()]
        assert any(value is not None and value != 0 for value in told), name


async def owed_in_pipeline(database: Any, organisation: Organisation) -> dict[Any, Any]:
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    rows = await rows_of(database, invoicing.SOURCE, organisation, today)
    return by_labels(rows, (*invoicing.BY, "currency"))


async def owed_in_analytics(client: httpx.AsyncClient, **more: Any) -> dict[Any, Any]:
    found = await asked(client, *invoicing.MEASURES, dimensions=[*invoicing.BY], **more)
    return {
        (*row["dimensions"].values(), row["currency"]): {
            name: float(value["amount"]) if isinstance(value, dict) else value
            for name, value in row["values"].items()
        }
        for row in found["rows"]
    }


async def of_complaints(client: httpx.AsyncClient, **more: Any) -> tuple[Any, Any]:
    """Complaints, and corrective actions, as analytics has them."""
    rounds = await asked(client, *complaining.MEASURES, dimensions=[*complaining.BY], **more)
    actions = await asked(client, *complaining.OF_ACTIONS, dimensions=["owner"], **more)
    return tuple(
        {tuple(row["dimensions"].values()): row["values"] for row in found["rows"]}
        for found in (rounds, actions)
    )  # type: ignore[return-value]  # two of them


def by_labels(rows: list[dict[str, Any]], by: tuple[str, ...]) -> dict[Any, Any]:
    return {
        tuple(row[name] for name in by): {
            name: value if value is None else pytest.approx(float(value), abs=1e-4)
            for name, value in row.items()
            if name not in by
        }
        for row in rows
    }


async def in_tickets(database: Any, organisation: Organisation) -> tuple[Any, Any]:
    rounds, actions = [
        by_labels(await rows_of(database, sql, organisation), by)
        for sql, by in ((complaining.SOURCE, complaining.BY), (complaining.ACTED, ("owner",)))
    ]
    return rounds, actions


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_complaints_are_counted_as_their_source_has_them(
    everywhere: Organisation, sales: Clients, desk: Clients, client: Clients, hear: Hear, database: Any, seed: int,
) -> None:  # fmt: skip
    products = [(await product(sales(everywhere.admin), sku))["id"] for sku in ("P-1", "P-2")]
    people = [str(everywhere.users[name].id) for name in ("rep", "other_rep")]
    story = complaining.Complaints(random.Random(seed), desk(everywhere.admin), products, people)
    await story.begin()
    moments: list[tuple[str, tuple[Any, Any]]] = []
    admin = client(everywhere.admin)
    for _ in range(5):
        for _ in range(25):
            await story.step()
        moments.append((datetime.now(UTC).isoformat(), await in_tickets(database, everywhere)))
        if len(moments) % 2:
            await hear()
            assert await of_complaints(admin) == moments[-1][1]
    await hear()
    for at, figures in moments:
        assert await of_complaints(admin, as_of=at) == figures
    rounds, actions = moments[-1][1]
    assert len(rounds) >= 4
    assert len(actions) == 2
    for name in ("cause_found", "complaints_again", "action_done", "steps_done"):
        assert any(row[name] != 0 for _, (told, _) in moments for row in told.values()), name


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_accounts_are_counted_as_their_source_has_them(
    everywhere: Organisation,
    customers: Clients,
    client: Clients,
    hear: Hear,
    database: Any,
    seed: int,
) -> None:
    owners = [str(everywhere.users[name].id) for name in ("rep", "other_rep")]
    story = accounting.Accounts(random.Random(seed), customers(everywhere.admin), owners)
    admin = client(everywhere.admin)
    moments: list[tuple[str, Any, Any]] = []
    for _ in range(4):
        for _ in range(20):
            await story.step()
        rows = await rows_of(database, accounting.SOURCE, everywhere)
        referred = await referred_in_contacts(database, everywhere)
        figures = by_labels(rows, accounting.BY)
        moments.append((datetime.now(UTC).isoformat(), figures, referred))
    await hear()
    dimensions = [*accounting.BY]
    for at, figures, referred in moments:
        assert await referred_in_analytics(admin, at) == referred
        found = await asked(admin, *accounting.MEASURES, dimensions=dimensions, as_of=at)
        assert {
            tuple(row["dimensions"].values()): row["values"] for row in found["rows"]
        } == figures
    now = await asked(admin, *accounting.MEASURES, dimensions=dimensions)
    assert {tuple(row["dimensions"].values()): row["values"] for row in now["rows"]} == moments[-1][
        1
    ]
    assert len(moments[-1][1]) >= 4
    assert any(depth > 1 for _, _, (_, by) in moments for _, _, depth in by.values())


async def referred_in_contacts(database: Any, organisation: Organisation) -> tuple[Any, Any]:
    """New accounts and those that were referred; for each referrer who is there, who came."""
    rows = await rows_of(database, accounting.REFERRED, organisation)
    referrer_of = {row["id"]: row["by"] for row in rows if row["by"] is not None}
    there = {row["id"] for row in rows}
    came = by_walking(referrer_of, {id: {} for id in referrer_of})
    return (len(rows), len(referrer_of)), {
        by: (each.direct, each.through, each.depth) for by, each in came.items() if by in there
    }


async def referred_in_analytics(client: httpx.AsyncClient, at: str) -> tuple[Any, Any]:
    answer = await client.get("/v1/analytics/referrals", params={"as_of": at, "limit": 200})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return (found["new_accounts"], found["referred_accounts"]), {
        each["account_id"]: (each["direct"], each["through"], each["depth"])
        for each in found["referrers"]
    }


async def test_a_merge_takes_the_sales_along_and_gives_them_back(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, hear: Hear,
    pipeline: Any, contacts: Any, consumers: Any, peer_clients: Any,
) -> None:  # fmt: skip
    """Contacts merges, pipeline follows, and analytics hears of it from both."""
    await stand_at_the_end(pipeline.state.house.db, contacts)
    people, rep = customers(everywhere.admin), sales(everywhere.admin)
    keep, twin = [await account_made(people, rep, name) for name in ("Keep", "Twin")]
    await sold(rep, keep, "2026-02-01", "10.00")
    await sold(rep, twin, "2026-02-02", "5.00")
    await hear()
    merge = {"resource": "accounts", "survivor_id": keep, "source_ids": [twin]}
    answer = await people.post("/v1/merges", json=merge)
    assert answer.status_code in (200, 201), answer.text
    await follow(pipeline, peer_clients)
    await hear()
    found = await asked(client(everywhere.admin), "revenue", dimensions=["account"])
    assert [row["dimensions"]["account"] for row in found["rows"]] == [keep]
    assert found["rows"][0]["values"]["revenue"] == cny("15.00")
    undone = await people.post(f"/v1/merges/{answer.json()['id']}/undo")
    assert undone.status_code == 200, undone.text
    await follow(pipeline, peer_clients)
    await hear()
    found = await asked(client(everywhere.admin), "revenue", dimensions=["account"])
    assert {row["dimensions"]["account"] for row in found["rows"]} == {keep, twin}


async def stand_at_the_end(database: Any, contacts: Any) -> None:
    """What other tests did in contacts is no matter of pipeline's here."""
    feed = contacts.state.house.feed
    await feed.number()
    head = await feed.head()
    async with database.transaction(None) as connection:
        await connection.execute(STAND, "contacts", head.epoch, head.position)


async def follow(pipeline: Any, peer_clients: Any) -> None:
    """Pipeline hears contacts, as it does by itself where it knows its address."""
    http.deadline.set(None)
    here = pipeline.state.house
    apply = one_by_one(apply_contacts_events, files_dir=here.settings.files_dir)
    consumer = Consumer("contacts", TYPES, feed_over_http(peer_clients["contacts"]), apply)
    while await consumer.step(here.db, wait=0):
        pass

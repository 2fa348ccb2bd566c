"""Sell-in and sell-through: what distributors were sold, what they sold on, what they have left and for how long."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from guanxi_analytics.queries.cubes import CUBES
from guanxi_analytics.queries.measures import MEASURES
from guanxi_pipeline.stock.stock_rules import summed, trend_of
from tests.analytics.asking import account_made, asked, cells, money, sold
from tests.analytics.conftest import Hear
from tests.analytics.doing import done, records_of
from tests.analytics.test_totals import follow, rows_of, stand_at_the_end
from tests.factories import Clients, Organisation

REPORTS = "/v1/orders/stock-reports"
OF_STOCK = ("reported_in", "sell_through", "stock_on_hand", "weeks_of_cover")
YEAR = {"from": "2026-01-01", "until": "2027-01-01"}


async def reported(
    client: httpx.AsyncClient, account: str, month: str, opening: float, bought: float, sold: float, **more: Any
) -> str:  # fmt: skip
    body = {
        "account_id": account, "month": month, "opening": opening, "bought": bought, "sold": sold,
        **({} if "product_id" in more else {"sku": "GX-1"}), **more,
    }  # fmt: skip
    return str((await done(client, "POST", REPORTS, json=body))["id"])


@pytest.fixture
async def accounts(
    everywhere: Organisation, customers: Clients, sales: Clients, hear: Hear
) -> list[str]:
    people, rep = customers(everywhere.rep), sales(everywhere.rep)
    return [
        await account_made(people, rep, name, region=region)
        for name, region in (("East", "华东"), ("North", "华北"), ("Shop", "华东"))
    ]


async def test_what_was_sold_to_distributors_and_by_them(
    everywhere: Organisation, accounts: list[str], sales: Clients, client: Clients, hear: Hear
) -> None:
    """The last month reported is what is left; a shop that reports no stock is no distributor."""
    rep, (east, north, shop) = sales(everywhere.rep), accounts
    await reported(rep, east, "2026-01", 100, 50, 70)
    await reported(rep, east, "2026-02", 80, 60, 40)
    await reported(rep, east, "2026-04", 90, 0, 30, restates_opening=True, restatement_reason="x")
    await reported(rep, north, "2026-02", 10, 5, 0)
    await sold(rep, east, "2026-02-05", "2.00", 55)
    await sold(rep, shop, "2026-02-06", "2.00", 7)
    await hear()
    reader = client(everywhere.rep)
    found = await asked(reader, "sell_in", *OF_STOCK, dimensions=["account"], period=YEAR)
    assert set(cells(found, "sell_in")) == {(east,), (north,)}
    assert cells(found, "sell_in") == {(east,): 55, (north,): 0}
    assert cells(found, "reported_in") == {(east,): 110, (north,): 5}
    assert cells(found, "sell_through") == {(east,): 140, (north,): 0}
    assert cells(found, "stock_on_hand") == {(east,): 60, (north,): 15}
    weeks = cells(found, "weeks_of_cover")
    assert weeks == {(east,): pytest.approx(60 * (28 + 30) / 70 / 7, abs=1e-3), (north,): None}
    [total] = found["totals"]
    assert (total["values"]["stock_on_hand"], total["values"]["sell_through"]) == (75, 140)
    quarters = await asked(reader, "stock_on_hand", dimensions=["quarter"])
    assert cells(quarters, "stock_on_hand") == {("2026-Q1",): 115, ("2026-Q2",): 60}
    months = await asked(reader, "stock_on_hand", "sell_in", dimensions=["month", "region"])
    assert cells(months, "stock_on_hand") == {
        ("2026-01", "华东"): 80, ("2026-02", "华东"): 100, ("2026-02", "华北"): 15, ("2026-04", "华东"): 60,
    }  # fmt: skip
    until = await asked(
        reader, "stock_on_hand", period={"from": "2026-01-01", "until": "2026-03-01"}
    )
    assert until["totals"][0]["values"]["stock_on_hand"] == 115
    amounts = await asked(reader, "sell_in_amount", dimensions=["account"])
    assert cells(amounts, "sell_in_amount") == {(east,): money("110.00")}
    for row in [*found["rows"], *found["totals"]]:
        rows = await records_of(reader, row)
        assert sum(each["sold"] for each in rows["stock"]) == row["values"]["sell_through"]
        assert (
            sum(each["quantity"] for each in rows["distributor_sales"]) == row["values"]["sell_in"]
        )


async def test_products_are_called_what_they_are_called(
    everywhere: Organisation, accounts: list[str], sales: Clients, client: Clients, hear: Hear
) -> None:
    """By id or by number, a report is of the product that orders name."""
    admin, rep, [east, north, _] = sales(everywhere.admin), sales(everywhere.rep), accounts
    body = {"sku": "GX-9", "name": "Pump", "category": "Pumps", "prices": [money("2.00")]}
    pump = await done(admin, "POST", "/v1/products", json=body)
    await reported(rep, east, "2026-01", 10, 0, 4, product_id=pump["id"])
    await reported(rep, north, "2026-01", 20, 0, 5, sku="GX-9")
    await reported(rep, north, "2026-01", 30, 0, 6, sku="unknown")
    await sold(rep, east, "2026-01-05", "2.00", 8, sku="GX-9", name="Pump", category="Pumps")
    await hear()
    reader, at = client(everywhere.rep), datetime.now(UTC).isoformat()
    found = await asked(reader, "stock_on_hand", "sell_in", dimensions=["product", "sku", "category"])  # fmt: skip
    assert cells(found, "stock_on_hand") == {
        ("Pump", "GX-9", "Pumps"): 21, (None, "unknown", None): 24,
    }  # fmt: skip
    assert cells(found, "sell_in")["Pump", "GX-9", "Pumps"] == 8
    await done(admin, "PATCH", f"/v1/products/{pump['id']}", json={"name": "Big pump"})
    await hear()
    names = [
        {name for (name,) in cells(await asked(reader, "stock_on_hand", dimensions=["product"], **more), "stock_on_hand")}
        for more in ({}, {"as_of": at})
    ]  # fmt: skip
    assert names == [{"Big pump", None}, {"Pump", None}]


async def test_the_last_month_is_that_of_what_is_seen(
    everywhere: Organisation, accounts: list[str], sales: Clients, client: Clients, hear: Hear,
    other_organisation: Organisation,
) -> None:  # fmt: skip
    """A later report of somebody else is neither the last one nor in the pace, for whom it is not there."""
    admin, [east, *_] = sales(everywhere.admin), accounts
    rep, other = str(everywhere.rep.id), str(everywhere.other_rep.id)
    await reported(admin, east, "2026-01", 100, 0, 31, owner_id=rep)
    await reported(admin, east, "2026-02", 69, 0, 9, owner_id=other)
    await sold(sales(everywhere.rep), east, "2026-01-05", "2.00", 8)
    await hear()
    seen = {}
    for name in ("rep", "other_rep", "manager", "admin", "junior"):
        found = await asked(client(everywhere.users[name]), "sell_in", *OF_STOCK)
        values = found["totals"][0]["values"]
        seen[name] = (values["sell_in"], *(values[each] for each in OF_STOCK))
    assert seen == {
        "rep": (8, 0, 31, 69, pytest.approx(69 / 7, abs=1e-3)),
        "other_rep": (0, 0, 9, 60, pytest.approx(60 * 28 / 9 / 7, abs=1e-3)),
        "manager": (8, 0, 31, 69, pytest.approx(69 / 7, abs=1e-3)),
        "admin": (8, 0, 40, 60, pytest.approx(60 * 59 / 40 / 7, abs=1e-3)), "junior": (0, 0, 0, 0, None),
    }  # fmt: skip
    foreign = await asked(client(other_organisation.admin), "stock_on_hand", "sell_in")
    assert foreign["totals"][0]["values"] == {"stock_on_hand": 0, "sell_in": 0}
    for cube, count in (("stock", 1), ("distributor_sales", 1)):
        path = f"/v1/analytics/facts/{cube}/search"
        assert len((await done(client(everywhere.rep), "POST", path, json={}))["data"]) == count
    blind = everywhere.admin.but(permissions=("analytics:read",))
    for measure in ("sell_in", "stock_on_hand"):
        answer = await client(blind).post("/v1/analytics/query", json={"measures": [measure]})
        assert answer.status_code == 403


async def test_a_merge_takes_the_stock_along_and_gives_it_back(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, hear: Hear, pipeline: Any,
    contacts: Any, consumers: Any, peer_clients: Any,
) -> None:  # fmt: skip
    """The two stores add up, and so does the pace."""
    await stand_at_the_end(pipeline.state.house.db, contacts)
    people, rep = customers(everywhere.admin), sales(everywhere.admin)
    keep, twin = [await account_made(people, rep, name) for name in ("Keep", "Twin")]
    await reported(rep, keep, "2026-01", 100, 0, 31)
    await reported(rep, twin, "2026-01", 50, 0, 31)
    await hear()
    merge = {"resource": "accounts", "survivor_id": keep, "source_ids": [twin]}
    merged = await done(people, "POST", "/v1/merges", json=merge)
    await follow(pipeline, peer_clients)
    await hear()
    reader = client(everywhere.admin)
    found = await asked(reader, "stock_on_hand", "weeks_of_cover", dimensions=["account"])
    assert cells(found, "stock_on_hand") == {(keep,): 88}
    assert cells(found, "weeks_of_cover") == {(keep,): pytest.approx(88 / 2 / 7, abs=1e-3)}
    await done(people, "POST", f"/v1/merges/{merged['id']}/undo")
    await follow(pipeline, peer_clients)
    await hear()
    found = await asked(reader, "stock_on_hand", dimensions=["account"])
    assert cells(found, "stock_on_hand") == {(keep,): 69, (twin,): 19}


@pytest.mark.parametrize("measure", ["stock_on_hand", "sell_through", "weeks_of_cover"])
async def test_stock_is_of_months(
    client: Clients, organisation: Organisation, measure: str
) -> None:
    for name in ("day", "week"):
        sent = {"measures": [measure], "dimensions": [name]}
        answer = await client(organisation.admin).post("/v1/analytics/query", json=sent)
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["dimensions"])


SOURCE = """
SELECT id, account_id, sku, month, opening, bought, sold, adjusted, closing FROM pipeline.stock_reports
WHERE organisation_id = $1 AND deleted_at IS NULL ORDER BY month
"""
Key = tuple[str, str, str]  # month, account, article
Figures = dict[Key, tuple[Decimal, Decimal, Decimal, Any]]


class Story:
    """Random months of two distributors and two articles: told, corrected, deleted and restored."""

    def __init__(self, rng: random.Random, client: httpx.AsyncClient, accounts: list[str]) -> None:
        self.rng, self.client, self.accounts = rng, client, accounts
        self.reports: list[str] = []

    async def step(self) -> None:
        deeds = [self.tell, self.tell, self.tell, self.correct, self.delete, self.restore]
        await self.rng.choice(deeds)()

    async def tell(self) -> None:
        body = {
            "account_id": self.rng.choice(self.accounts), "sku": self.rng.choice(["A", "B"]),
            "month": f"2026-{self.rng.randrange(1, 9):02d}", "opening": self.rng.randrange(100, 200),
            "bought": self.rng.randrange(100) / 4, "sold": self.rng.choice([0, self.rng.randrange(100)]),
            "restates_opening": True, "restatement_reason": "counted",
        }  # fmt: skip
        answer = await self.client.post(REPORTS, json=body)
        assert answer.status_code < 500, answer.text
        if answer.status_code == 201:
            self.reports.append(answer.json()["id"])

    async def correct(self) -> None:
        await self.do("PATCH", "", {"json": {"sold": self.rng.randrange(100)}})

    async def delete(self) -> None:
        await self.do("DELETE", "", {})

    async def restore(self) -> None:
        await self.do("POST", "/restore", {})

    async def do(self, method: str, path: str, more: dict[str, Any]) -> None:
        if not self.reports:
            return
        url = f"{REPORTS}/{self.rng.choice(self.reports)}{path}"
        answer = await self.client.request(method, url, **more)
        assert answer.status_code < 500, answer.text


def months_of(rows: Iterable[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Pipeline's own trend, of each distributor and article."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault((str(row["account_id"]), row["sku"]), []).append(row)
    return {key: trend_of(summed(own)) for key, own in found.items()}


async def in_pipeline(database: Any, organisation: Organisation) -> Figures:
    rows = await rows_of(database, SOURCE, organisation)
    return {
        (f"{row['month']:%Y-%m}", *key): (
            Decimal(str(row["bought"])), Decimal(str(row["sold"])), Decimal(str(row["closing"])), row["cover_days"],
        )
        for key, months in months_of(rows).items()
        for row in months
    }  # fmt: skip


async def in_analytics(client: httpx.AsyncClient, **more: Any) -> Figures:
    found = await asked(client, *OF_STOCK, dimensions=["month", "account", "sku"], **more)
    return {
        tuple(row["dimensions"].values()): (
            *(Decimal(str(row["values"][name])) for name in OF_STOCK[:3]), row["values"]["weeks_of_cover"],
        )
        for row in found["rows"]
    }  # fmt: skip


def alike(one: Figures, other: Figures) -> None:
    """Days of cover are told to one digit."""
    assert {key: figures[:3] for key, figures in one.items()} == {
        key: figures[:3] for key, figures in other.items()
    }
    for key, figures in one.items():
        weeks, days = figures[3], other[key][3]
        assert (weeks is None) == (days is None)
        assert weeks is None or weeks * 7 == pytest.approx(days, abs=0.051)


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_months_are_those_of_pipelines_own_trend(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, hear: Hear, database: Any,
    seed: int,
) -> None:  # fmt: skip
    people, rep = customers(everywhere.admin), sales(everywhere.admin)
    accounts = [await account_made(people, rep, f"Distributor {n}") for n in range(2)]
    story, reader = Story(random.Random(seed), rep, accounts), client(everywhere.admin)
    moments: list[tuple[str, Figures]] = []
    for _ in range(3):
        for _ in range(20):
            await story.step()
        moments.append((datetime.now(UTC).isoformat(), await in_pipeline(database, everywhere)))
    await hear()
    alike(await in_analytics(reader), moments[-1][1])
    for at, figures in moments:
        alike(await in_analytics(reader, as_of=at), figures)
    assert len(moments[-1][1]) > 8
    rows = await rows_of(database, SOURCE, everywhere)
    quarters: dict[tuple[str, str], Decimal] = {}
    for (account, _), months in months_of(rows).items():
        last = {f"2026-Q{(m['month'].month + 2) // 3}": m["closing"] for m in months}
        for quarter, closing in last.items():
            quarters[quarter, account] = quarters.get((quarter, account), 0) + Decimal(str(closing))
    found = await asked(reader, "stock_on_hand", dimensions=["quarter", "account"])
    assert {k: Decimal(str(v)) for k, v in cells(found, "stock_on_hand").items()} == quarters


def test_stock_is_named_in_both_languages() -> None:
    of_stock = [m for m in MEASURES.values() if m.cube in ("stock", "distributor_sales")]
    assert len(of_stock) >= 6
    assert all(measure.labels["zh"] != measure.labels["en"] for measure in of_stock)
    assert CUBES["stock"].buckets == ("month", "quarter", "year")

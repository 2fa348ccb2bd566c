"""Territories as a dimension: each account in one, seen by those who see it, as it was known, summed as the source has it."""

import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from guanxi_pipeline.territories.reassigning import assign_territories
from guanxi_shared.edge import Edge
from guanxi_shared.http import ServiceClient
from guanxi_shared.running_jobs import RunningJob, claim
from tests.analytics.asking import YEAR, account_made, asked, cells, money, sold
from tests.analytics.conftest import Hear
from tests.analytics.test_totals import Story, follow, rows_of, stand_at_the_end
from tests.factories import Clients, Organisation
from tests.pipeline.territories.conftest import PATH, QUEUED

QUERY = "/v1/analytics/query"
SOURCE = """
SELECT k.territory_id, sum(e.amount) AS amount FROM (
  SELECT o.account_id, l.amount FROM pipeline.orders o
  JOIN pipeline.order_lines l ON l.organisation_id = o.organisation_id AND l.order_id = o.id
  WHERE o.organisation_id = $1 AND o.deleted_at IS NULL AND o.status NOT IN ('draft', 'cancelled')
  UNION ALL
  SELECT o.account_id, -l.amount FROM pipeline.orders o
  JOIN pipeline.order_returns r ON r.organisation_id = o.organisation_id AND r.order_id = o.id
  JOIN pipeline.order_return_lines l ON l.organisation_id = r.organisation_id AND l.return_id = r.id
  WHERE o.organisation_id = $1 AND o.deleted_at IS NULL
) e LEFT JOIN (
  SELECT k.account_id, k.territory_id FROM pipeline.territory_accounts k
  JOIN pipeline.territories t ON t.organisation_id = k.organisation_id AND t.id = k.territory_id AND t.deleted_at IS NULL
  WHERE k.organisation_id = $1 AND k.deleted_at IS NULL
) k ON k.account_id = e.account_id GROUP BY 1
"""
ALL_ACCOUNTS = {"*": "own", "accounts": "all", "orders": "all"}
Known = dict[str, str]
Settle = Callable[[], Awaitable[None]]


@pytest.fixture
async def settle(
    everywhere: Organisation, peers: Mapping[str, Edge], peer_clients: Mapping[str, ServiceClient], hear: Hear
) -> Settle:  # fmt: skip
    """Pipeline hears contacts, its worker assigns, and analytics hears both."""
    pipeline = peers["pipeline"]
    database = pipeline.state.house.db
    await stand_at_the_end(database, peers["contacts"])

    async def settled() -> None:
        await follow(pipeline, peer_clients)
        for row in await database.fetch(everywhere.id, QUEUED, everywhere.id):
            job = await claim(database, everywhere.id, row["id"], lease_seconds=30)
            assert isinstance(job, RunningJob)
            await assign_territories(job)
        await hear()

    return settled


async def territory_made(client: Any, name: str, **more: Any) -> str:
    answer = await client.post(PATH, json={"name": name, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def did(client: Any, method: str, path: str, body: Any = None) -> Any:
    answer = await client.request(method, path, **({} if body is None else {"json": body}))
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def known(
    everywhere: Organisation, sales: Clients, customers: Clients, settle: Settle
) -> Known:
    """Accounts with sales: two in the east, one in the west, one nowhere."""
    people, seller = customers(everywhere.admin), sales(everywhere.admin)
    found = {}
    for name, region, amount in (("a", "east", "10.00"), ("b", "East", "20.00"), ("c", "west", "40.00"), ("d", None, "80.00")):  # fmt: skip
        found[name] = await account_made(people, seller, name, region=region)
        await sold(seller, found[name], f"{YEAR}-01-01", amount)
    found["east"] = await territory_made(seller, "华东", regions=["east"])
    found["west"] = await territory_made(seller, "West", regions=["west"])
    await settle()
    return found


async def test_sales_count_in_the_territory_of_their_account_and_once_in_all(
    known: Known, everywhere: Organisation, client: Clients
) -> None:
    admin, east, west = client(everywhere.admin), known["east"], known["west"]
    found = await asked(admin, "revenue", "customers", dimensions=["territory"])
    assert cells(found, "revenue") == {(east,): money("30.00"), (west,): money("40.00"), (None,): money("80.00")}  # fmt: skip
    assert cells(found, "customers") == {(east,): 2, (west,): 1, (None,): 1}
    assert found["totals"][0]["values"] == {"revenue": money("150.00"), "customers": 4}
    assert found["names"]["territory"] == {east: "华东", west: "West"}
    assert found["dimensions"] == [
        {"name": "territory", "labels": {"en": "Territory", "zh": "销售区域"}, "is_many_valued": False}
    ]  # fmt: skip
    for row in found["rows"]:
        [records] = row["records"]
        shown = (await did(admin, "POST", records["path"], records["body"]))["data"]
        assert sum(Decimal(each["amount"]["amount"]) for each in shown) == Decimal(row["values"]["revenue"]["amount"])  # fmt: skip
    both = await asked(admin, "revenue", dimensions=["territory", "region"])
    assert cells(both, "revenue")[east, "East"] == money("20.00")

    async def filtered(operator: str, value: Any) -> Any:
        groups = [{"filters": [{"field": "territory_id", "operator": operator, "value": value}]}]
        told = await asked(admin, "revenue", filter_groups=groups)
        return told["totals"][0]["values"]["revenue"]["amount"]

    assert await filtered("eq", east) == "30.00"
    assert await filtered("in", [east, west]) == "70.00"
    assert await filtered("is_null", True) == "80.00"
    assert await filtered("is_null", False) == "70.00"


async def test_every_kind_of_facts_that_names_an_account_is_told_by_territory(
    known: Known, everywhere: Organisation, sales: Clients, desk: Clients, customers: Clients, client: Clients,
    settle: Settle,
) -> None:  # fmt: skip
    ticket = {"subject": "T", "account_id": known["b"]}
    made = await desk(everywhere.admin).post("/v1/tickets", json=ticket)
    assert made.status_code == 201, made.text
    visit = {"kind": "visit", "subject": "V", "account_ids": [known["a"], known["c"]]}
    assert (await customers(everywhere.admin).post("/v1/activities", json=visit)).status_code == 201
    await settle()
    admin, east, west = client(everywhere.admin), known["east"], known["west"]
    told = (await admin.get("/v1/analytics/measures")).json()["measures"]
    able = {each["name"] for each in told if "territory" in each["dimensions"]}
    assert able == {each["name"] for each in told if "segment" in each["dimensions"]}
    assert {"revenue", "accounts", "tickets_opened", "outstanding", "activities", "sell_in", "contract_terms"} <= able  # fmt: skip
    for measure in sorted(able):
        for dimensions in (["territory"], ["territory", "segment"]):
            body = {"measures": [measure], "dimensions": dimensions}
            answer = await admin.post(QUERY, json=body)
            assert answer.status_code == 200, (measure, answer.text)
    refused = await admin.post(QUERY, json={"measures": ["quota"], "dimensions": ["territory"]})
    assert refused.status_code == 422
    for measure, rows in {
        "accounts": {(east,): 2, (west,): 1, (None,): 1}, "tickets_opened": {(east,): 1},
        "activities": {(east,): 1, (west,): 1},
    }.items():  # fmt: skip
        assert cells(await asked(admin, measure, dimensions=["territory"]), measure) == rows, (
            measure
        )


async def test_a_territory_that_one_does_not_see_has_no_accounts_for_them(
    known: Known, everywhere: Organisation, sales: Clients, client: Clients, settle: Settle
) -> None:
    own = {"owner_id": str(everywhere.rep.id)}
    await did(sales(everywhere.admin), "PATCH", f"{PATH}/{known['east']}", own)
    await settle()
    rep = client(everywhere.rep.but(visibility=ALL_ACCOUNTS))
    found = await asked(rep, "revenue", dimensions=["territory"])
    assert cells(found, "revenue") == {(known["east"],): money("30.00"), (None,): money("120.00")}
    assert "West" not in str(found)
    listed = await sales(everywhere.rep).get(PATH)
    assert {row["id"] for row in listed.json()["data"]} == {known["east"]}
    body = {"filter_groups": [{"filters": [{"field": "territory_id", "operator": "eq", "value": known["west"]}]}]}  # fmt: skip
    assert (await did(rep, "POST", "/v1/analytics/facts/sales/search", body))["data"] == []
    blind = everywhere.admin.but(permissions=("analytics:read", "orders:read"))
    for path, sent in (
        (QUERY, {"measures": ["revenue"], "dimensions": ["territory"]}), (QUERY, {"measures": ["revenue"], **body}),
        ("/v1/analytics/facts/sales/search", body),
    ):  # fmt: skip
        refused = await client(blind).post(path, json=sent)
        assert refused.status_code == 403, (path, sent)
        assert "territories:read" in refused.text


async def test_the_report_is_of_what_one_sees_and_is_kept_until_something_changes(
    known: Known, everywhere: Organisation, sales: Clients, client: Clients, settle: Settle
) -> None:
    path = "/v1/analytics/reports/sales-by-territory/run"
    first = await did(client(everywhere.admin), "GET", path)
    assert "华东" in str(first)
    assert (await did(client(everywhere.admin), "GET", path))["kept"]["is_kept"]
    picture = await client(everywhere.admin).get(path, params={"format": "svg", "language": "zh"})
    assert picture.status_code == 200, picture.text
    assert "华东" in picture.text
    other = await did(client(everywhere.rep.but(visibility=ALL_ACCOUNTS)), "GET", path)
    assert "华东" not in str(other)
    await did(sales(everywhere.admin), "PUT", f"{PATH}/{known['west']}/accounts/{known['d']}")
    await settle()
    again = await did(client(everywhere.admin), "GET", path)
    assert not again["kept"]["is_kept"]


async def test_merges_and_erasures_take_accounts_out_of_their_territories(
    known: Known, everywhere: Organisation, customers: Clients, client: Clients, settle: Settle
) -> None:
    people, admin = customers(everywhere.admin), client(everywhere.admin)
    merge = {"resource": "accounts", "survivor_id": known["c"], "source_ids": [known["a"]]}
    made = await people.post("/v1/merges", json=merge)
    assert made.status_code == 201, made.text
    person = await people.post("/v1/accounts", json={"name": "P", "kind": "person", "region": "east"})  # fmt: skip
    await settle()
    moment = datetime.now(UTC).isoformat()
    found = await asked(admin, "accounts", dimensions=["territory"])
    assert cells(found, "accounts") == {(known["east"],): 2, (known["west"],): 1, (None,): 1}
    revenue = await asked(admin, "revenue", dimensions=["territory"])
    assert cells(revenue, "revenue")[known["west"],] == money("50.00")
    erased = await people.post(f"/v1/accounts/{person.json()['id']}/erase", json={"reason": "subject_request"})  # fmt: skip
    assert erased.status_code == 200, erased.text
    await did(people, "POST", f"/v1/merges/{made.json()['id']}/undo")
    await settle()
    found = await asked(admin, "accounts", dimensions=["territory"])
    assert cells(found, "accounts") == {(known["east"],): 2, (known["west"],): 1, (None,): 1}
    revenue = await asked(admin, "revenue", dimensions=["territory"])
    assert cells(revenue, "revenue")[known["west"],] == money("40.00")
    then = await asked(admin, "revenue", dimensions=["territory"], as_of=moment)
    assert cells(then, "revenue")[known["west"],] == money("50.00")


@pytest.mark.parametrize("seed", [1, 2])
async def test_sums_by_territory_are_those_of_the_source_now_and_of_every_moment(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, database: Any, settle: Settle,
    seed: int,
) -> None:  # fmt: skip
    rng, people, seller = random.Random(seed), customers(everywhere.admin), sales(everywhere.admin)
    regions = ["north", "south", "west"]
    accounts = [await account_made(people, seller, f"C{n}", region=rng.choice(regions)) for n in range(5)]  # fmt: skip
    territories = [await territory_made(seller, name, regions=[name], rank=rng.randrange(3)) for name in regions]  # fmt: skip
    story, admin = Story(rng, seller, accounts), client(everywhere.admin)

    async def deed() -> None:
        account, territory = rng.choice(accounts), f"{PATH}/{rng.choice(territories)}"
        method, path, body = rng.choice(
            [
                ("PATCH", territory, {"regions": rng.sample(regions, rng.randrange(3))}),
                ("PATCH", territory, {"rank": rng.randrange(3)}),
                ("DELETE", territory, None), ("POST", f"{territory}/restore", None),
                ("PUT", f"{territory}/accounts/{account}", None), ("DELETE", f"{territory}/accounts/{account}", None),
            ]
        )  # fmt: skip
        answer = await seller.request(method, path, **({} if body is None else {"json": body}))
        assert answer.status_code in (200, 404), answer.text
        changed = await people.patch(f"/v1/accounts/{rng.choice(accounts)}", json={"region": rng.choice([*regions, None])})  # fmt: skip
        assert changed.status_code == 200, changed.text

    moments: list[tuple[str, dict[Any, Decimal]]] = []
    for _ in range(5):
        for _ in range(8):
            await story.step()
            await deed()
        await settle()
        rows = await rows_of(database, SOURCE, everywhere)
        figures = {row["territory_id"] and str(row["territory_id"]): row["amount"] for row in rows}
        moments.append((datetime.now(UTC).isoformat(), figures))
        assert await by_territory(admin) == figures
    for at, figures in moments:
        assert await by_territory(admin, as_of=at) == figures
    assert len({key for _, figures in moments for key in figures}) >= 3


async def by_territory(client: Any, **more: Any) -> dict[Any, Decimal]:
    found = await asked(client, "revenue", dimensions=["territory"], **more)
    return {
        row["dimensions"]["territory"]: Decimal(row["values"]["revenue"]["amount"])
        for row in found["rows"]
    }

"""Questions over what pipeline, tickets and contacts told: right sums, as of any moment, and their records."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.analytics.asking import account_made, asked, cells, money, sold
from tests.analytics.conftest import Hear
from tests.factories import Clients, Organisation
from tests.pipeline.orders.ordering import acted, cny


@pytest.fixture
async def story(
    everywhere: Organisation, sales: Clients, customers: Clients, hear: Hear
) -> dict[str, Any]:
    """Two customers of a salesperson, who bought in two months."""
    rep = sales(everywhere.rep)
    people = customers(everywhere.rep)
    acme = await account_made(people, rep, "Acme", region="华东", industry="steel")
    ben = await account_made(people, rep, "Ben", region="北京")
    first = await sold(rep, acme, "2026-03-05", "100.00", 2, name="Pump", cost=cny("120.00"))
    await sold(rep, acme, "2026-04-01", "50.00", 1, name="Seal")
    await sold(rep, ben, "2026-04-20", "10.00", 3, name="Seal", cost=cny("12.00"))
    await hear()
    return {"acme": acme, "ben": ben, "first": first}


async def test_revenue_by_month_and_region(
    story: dict[str, Any], client: Clients, everywhere: Organisation
) -> None:
    found = await asked(
        client(everywhere.rep), "revenue", "orders", "margin", dimensions=["month", "region"]
    )
    assert cells(found, "revenue") == {
        ("2026-03", "华东"): money("200.00"), ("2026-04", "华东"): money("50.00"),
        ("2026-04", "北京"): money("30.00"),
    }  # fmt: skip
    assert cells(found, "margin") == {
        ("2026-03", "华东"): money("80.00"), ("2026-04", "华东"): None,
        ("2026-04", "北京"): money("18.00"),
    }  # fmt: skip
    [total] = found["totals"]
    assert total["values"] == {"revenue": money("280.00"), "orders": 3, "margin": None}


async def test_what_comes_back_counts_on_its_own_day(
    story: dict[str, Any], client: Clients, everywhere: Organisation, sales: Clients, hear: Hear
) -> None:
    line_id = story["first"]["lines"][0]["id"]
    await acted(
        sales(everywhere.rep), story["first"]["id"], "returns", returned_on="2026-04-10",
        reason="Broken", lines=[{"line_id": line_id, "quantity": 1}],
    )  # fmt: skip
    await hear()
    found = await asked(
        client(everywhere.rep), "revenue", "bought", "quantity", dimensions=["month"]
    )
    assert cells(found, "revenue") == {("2026-03",): money("200.00"), ("2026-04",): money("-20.00")}
    assert cells(found, "bought") == {("2026-03",): money("200.00"), ("2026-04",): money("80.00")}
    assert cells(found, "quantity") == {("2026-03",): 2, ("2026-04",): 3}


async def test_the_past_is_answered_as_it_was(
    story: dict[str, Any], client: Clients, everywhere: Organisation, sales: Clients,
    customers: Clients, hear: Hear,
) -> None:  # fmt: skip
    ask: dict[str, Any] = {
        "dimensions": ["region"],
        "period": {"from": "2026-01-01", "until": "2027-01-01"},
    }
    rep = client(everywhere.rep)
    then = await asked(rep, "revenue", "orders", **ask)
    at = datetime.now(UTC).isoformat()
    await acted(
        sales(everywhere.rep), story["first"]["id"], "returns", reason="Broken", returned_on="2026-04-10",
        lines=[{"line_id": story["first"]["lines"][0]["id"], "quantity": 2}],
    )  # fmt: skip
    moved = await customers(everywhere.rep).patch(
        f"/v1/accounts/{story['ben']}", json={"region": "华南"}
    )
    assert moved.status_code == 200
    await hear()
    now = await asked(rep, "revenue", "orders", **ask)
    assert cells(now, "revenue") == {("华东",): money("50.00"), ("华南",): money("30.00")}
    again = await asked(rep, "revenue", "orders", as_of=at, **ask)
    for name in ("rows", "totals"):
        assert [without_records(row) for row in again[name]] == [
            without_records(r) for r in then[name]
        ]


def without_records(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "records"}


async def test_every_cell_names_the_rows_that_it_sums(
    story: dict[str, Any], client: Clients, everywhere: Organisation
) -> None:
    rep = client(everywhere.rep)
    found = await asked(
        rep, "revenue", dimensions=["month", "region", "product"],
        filter_groups=[{"filters": [{"field": "quantity", "operator": "gte", "value": 1}]}],
    )  # fmt: skip
    assert len(found["rows"]) == 3
    for row in [*found["rows"], *found["totals"]]:
        [records] = row["records"]
        answer = await rep.post(records["path"], json=records["body"])
        assert answer.status_code == 200, answer.text
        amounts = [float(each["amount"]["amount"]) for each in answer.json()["data"]]
        assert sum(amounts) == float(row["values"]["revenue"]["amount"])


async def test_a_month_beside_the_one_of_last_year(
    story: dict[str, Any], client: Clients, everywhere: Organisation, sales: Clients, hear: Hear
) -> None:
    await sold(sales(everywhere.rep), story["acme"], "2025-03-31", "160.00")
    await hear()
    found = await asked(
        client(everywhere.rep), "revenue", dimensions=["month"], compare="previous_year",
        period={"from": "2026-03-01", "until": "2026-05-01"},
    )  # fmt: skip
    march, april = found["rows"]
    assert march["compared"] == {"revenue": money("160.00")}
    assert march["change"]["revenue"] == {"difference": money("40.00"), "percent": 25.0}
    assert april["compared"]["revenue"] == money("0.00")
    assert april["change"]["revenue"]["percent"] is None
    [total] = found["totals"]
    assert total["change"]["revenue"] == {"difference": money("120.00"), "percent": 75.0}


async def sold_in_dollars(client: Any, account_id: str, on: str) -> None:
    line = {"sku": "X", "quantity": 1, "unit_price": money("7.00", "USD")}
    document = {
        "account_id": account_id, "ordered_on": on, "status": "placed", "currency": "USD", "lines": [line],
    }  # fmt: skip
    answer = await client.post("/v1/orders", json=document)
    assert answer.status_code == 201, answer.text


async def test_currencies_are_never_summed(
    story: dict[str, Any], client: Clients, everywhere: Organisation, sales: Clients, hear: Hear
) -> None:
    await sold_in_dollars(sales(everywhere.rep), story["acme"], "2026-04-02")
    await hear()
    found = await asked(client(everywhere.rep), "revenue", "customers")
    totals = {row["currency"]: row["values"] for row in found["totals"]}
    assert totals["USD"] == {"revenue": money("7.00", "USD"), "customers": 1}
    assert totals["CNY"] == {"revenue": money("280.00"), "customers": 2}


async def test_sums_cover_what_the_caller_sees(
    story: dict[str, Any],
    client: Clients,
    everywhere: Organisation,
    other_organisation: Organisation,
) -> None:
    seen = {}
    for user in (everywhere.rep, everywhere.manager, everywhere.admin, everywhere.other_rep):
        found = await asked(client(user), "revenue", dimensions=["account"])
        seen[user.name] = (len(found["rows"]), found["names"]["account"])
    names = {story["acme"]: "Acme", story["ben"]: "Ben"}
    assert seen == {
        "rep": (2, names),
        "manager": (2, names),
        "admin": (2, names),
        "other_rep": (0, {}),
    }
    foreign = await asked(client(other_organisation.admin), "revenue")
    assert foreign["totals"] == []


async def test_deals_and_tickets_beside_sales(
    story: dict[str, Any], client: Clients, everywhere: Organisation, desk: Clients, hear: Hear
) -> None:
    ticket = {"subject": "Leak", "account_id": story["acme"]}
    assert (await desk(everywhere.admin).post("/v1/tickets", json=ticket)).status_code == 201
    await hear()
    found = await asked(
        client(everywhere.admin), "revenue", "tickets_opened", "deals_won", dimensions=["region"]
    )
    rows = {(row["dimensions"]["region"], row["currency"]): row["values"] for row in found["rows"]}
    assert rows["华东", "CNY"]["revenue"] == money("250.00")
    assert rows["华东", "CNY"]["tickets_opened"] == 1
    assert set(rows) == {("华东", "CNY"), ("北京", "CNY")}


async def test_a_count_without_money_stands_beside_each_currency(
    story: dict[str, Any], client: Clients, everywhere: Organisation, sales: Clients, customers: Clients,
    desk: Clients, hear: Hear,
) -> None:  # fmt: skip
    """Where nothing was sold, too, and in the year before."""
    rep, admin = sales(everywhere.rep), client(everywhere.admin)
    quiet = await account_made(customers(everywhere.rep), rep, "Quiet", region="西北")
    for account in (story["acme"], quiet):
        ticket = {"subject": "Leak", "account_id": account}
        assert (await desk(everywhere.admin).post("/v1/tickets", json=ticket)).status_code == 201
    await sold_in_dollars(rep, story["acme"], "2026-04-02")
    await hear()
    found = await asked(
        admin, "tickets_opened", "revenue", "orders", dimensions=["region"],
        period={"from": "2026-01-01", "until": "next_year"}, compare="previous_year",
    )  # fmt: skip
    rows = {
        (row["dimensions"]["region"], row["currency"]): row["values"]["tickets_opened"]
        for row in found["rows"]
    }
    assert rows == {
        ("华东", "CNY"): 1, ("华东", "USD"): 1, ("北京", "CNY"): 0, ("西北", "CNY"): 1, ("西北", "USD"): 1,
    }  # fmt: skip
    assert found["row_count"] == len(rows)
    for row in found["rows"]:
        assert row["compared"]["tickets_opened"] == 0
        for records in row["records"]:
            answer = await admin.post(records["path"], json=records["body"])
            of = "tickets_opened" if "tickets" in records["path"] else "orders"
            assert len(answer.json()["data"]) == row["values"][of]


async def test_a_measure_is_told_apart_by_what_the_catalogue_says(
    client: Clients, everywhere: Organisation
) -> None:
    """By that and nothing else."""
    admin = client(everywhere.admin)
    catalogue = (await admin.get("/v1/analytics/measures")).json()
    by_name = {each["name"]: set(each["dimensions"]) for each in catalogue["measures"]}
    assert all(each["labels"]["zh"] for each in catalogue["measures"])
    period = {"from": "2026-01-01", "until": "2027-01-01"}
    for measure in ("visits", "quota", "quota_attainment", "stock_on_hand", "sell_in"):
        for name in (each["name"] for each in catalogue["dimensions"]):
            body = {"measures": [measure], "dimensions": [name], "period": period}
            answer = await admin.post("/v1/analytics/query", json=body)
            is_told = name in by_name[measure]
            assert answer.status_code == (200 if is_told else 422), (measure, name, answer.text)


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"measures": ["profit"]}, 400, "measures"),
    ({"measures": []}, 400, "measures"),
    ({"measures": ["revenue"], "dimensions": ["colour"]}, 400, "dimensions"),
    ({"measures": ["revenue"], "dimensions": ["month", "year"]}, 400, "dimensions"),
    ({"measures": ["revenue"], "dimensions": ["priority"]}, 422, "dimensions"),
    ({"measures": ["revenue"], "period": {"from": "soon", "until": "2026-01-01"}}, 400, "period.from"),
    ({"measures": ["revenue"], "period": {"from": "2026-01-02", "until": "2026-01-01"}}, 422, "period.until"),
    ({"measures": ["revenue"], "compare": "previous_year"}, 422, "period"),
    ({"measures": ["revenue"], "as_of": "yesterdayish"}, 400, "as_of"),
    ({"measures": ["revenue"], "order_by": "orders"}, 400, "order_by"),
    ({"measures": ["revenue"], "filter_groups": [{"filters": [{"field": "x", "operator": "eq", "value": 1}]}]}, 400, "x"),
    ({"measures": ["revenue"], "top": 0}, 400, "top"),
    ({"measures": ["revenue"], "nonsense": 0}, 400, "nonsense"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "field"), WRONG)
async def test_what_is_wrong_is_named(
    client: Clients, organisation: Organisation, body: dict[str, Any], status: int, field: str
) -> None:
    answer = await client(organisation.admin).post("/v1/analytics/query", json=body)
    assert answer.status_code in (status, 422 if status == 400 else status), answer.text
    assert field in answer.json()["errors"], answer.text

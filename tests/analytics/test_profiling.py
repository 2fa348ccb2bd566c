"""Accounts as measures: how they are distributed, now and at a moment, and grades by margin."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.analytics.asking import YEAR, account_made, asked, cells, sold
from tests.analytics.conftest import Hear
from tests.factories import Clients, Organisation
from tests.pipeline.orders.ordering import cny

REPORTS = "/v1/analytics/reports"
LYON = [{"kind": "billing", "city": "Paris"}, {"kind": "office", "city": "Lyon", "state": "Rhône", "country": "FR"}]  # fmt: skip


@pytest.fixture
async def known(
    everywhere: Organisation, sales: Clients, customers: Clients, hear: Hear
) -> dict[str, str]:
    """Three accounts of `rep` and one of `other_rep`, referred by the first."""
    rep, other = customers(everywhere.rep), customers(everywhere.other_rep)
    seller = sales(everywhere.rep)
    acme = await account_made(rep, seller, "Acme", needs_tier="security", lifecycle_stage="active", grade="A", addresses=LYON)  # fmt: skip
    twin = await account_made(rep, seller, "Twin", needs_tier="security", lifecycle_stage="lost", relationship_level="reactive")  # fmt: skip
    none = await account_made(rep, seller, "None", industry="steel", region="华东", source="fair")
    far = await account_made(other, seller, "Far", needs_tier="social", lifecycle_stage="at_risk")
    admin = customers(everywhere.admin)
    referred = await admin.patch(f"/v1/accounts/{far}", json={"referred_by_id": acme})
    assert referred.status_code == 200, referred.text
    await hear()
    return {"acme": acme, "twin": twin, "none": none, "far": far}


async def test_accounts_are_distributed_and_each_figure_has_its_accounts(
    known: dict[str, str], everywhere: Organisation, client: Clients
) -> None:
    admin = client(everywhere.admin)
    measures = ("accounts", "accounts_share", "customers_share", "accounts_lost", "referred_share")
    found = await asked(admin, *measures, dimensions=["needs_tier"])
    assert cells(found, "accounts") == {("security",): 2, ("social",): 1, (None,): 1}
    assert cells(found, "accounts_share") == {("security",): 50, ("social",): 25, (None,): 25}
    assert cells(found, "customers_share") == {("security",): 50, ("social",): 100, (None,): 0}
    assert cells(found, "referred_share") == {("security",): 0, ("social",): 100, (None,): 0}
    assert found["totals"][0]["values"] == {
        "accounts": 4, "accounts_share": 100, "customers_share": 50, "accounts_lost": 1, "referred_share": 25,
    }  # fmt: skip
    for row in found["rows"]:
        [records] = row["records"]
        answer = await admin.post(records["path"], json=records["body"])
        assert answer.status_code == 200, answer.text
        shown = answer.json()["data"]
        assert len(shown) == row["values"]["accounts"]
        assert {each["needs_tier"] for each in shown} == {row["dimensions"]["needs_tier"]}
        assert {each["account_id"] for each in shown} <= set(known.values())


@pytest.mark.parametrize(
    ("dimension", "told"),
    [
        ("grade", {"A": 1, None: 3}), ("relationship_level", {"reactive": 1, None: 3}),
        ("lifecycle_stage", {"active": 1, "lost": 1, "prospect": 1, "at_risk": 1}),
        ("industry", {"steel": 1, None: 3}), ("region", {"华东": 1, None: 3}), ("source", {"fair": 1, None: 3}),
        ("city", {"Lyon": 1, None: 3}), ("province", {"Rhône": 1, None: 3}), ("country", {"FR": 1, None: 3}),
        ("account_kind", {"company": 4}),
    ],
)  # fmt: skip
async def test_accounts_are_told_apart_by_what_they_hold(
    known: dict[str, str], everywhere: Organisation, client: Clients, dimension: str, told: dict[Any, int]
) -> None:  # fmt: skip
    admin = client(everywhere.admin)
    found = await asked(admin, "accounts", dimensions=[dimension])
    assert cells(found, "accounts") == {(label,): count for label, count in told.items()}
    for row in found["rows"]:
        [records] = row["records"]
        answer = await admin.post(records["path"], json=records["body"])
        assert len(answer.json()["data"]) == row["values"]["accounts"]


async def test_accounts_are_as_they_stood_at_a_moment_and_of_the_period_they_were_made_in(
    known: dict[str, str], everywhere: Organisation, customers: Clients, client: Clients, hear: Hear
) -> None:
    moment, admin = datetime.now(UTC).isoformat(), client(everywhere.admin)
    raised = {"needs_tier": "social"}
    people = customers(everywhere.admin)
    assert (await people.patch(f"/v1/accounts/{known['acme']}", json=raised)).status_code == 200
    assert (await people.delete(f"/v1/accounts/{known['twin']}")).status_code in (200, 204)
    await hear()
    now = await asked(admin, "accounts", dimensions=["needs_tier"])
    assert cells(now, "accounts") == {("social",): 2, (None,): 1}
    then = await asked(admin, "accounts", dimensions=["needs_tier"], as_of=moment)
    assert cells(then, "accounts") == {("security",): 2, ("social",): 1, (None,): 1}
    today = {"from": "today", "until": "tomorrow"}
    assert (await asked(admin, "accounts", period=today))["totals"][0]["values"]["accounts"] == 3
    long_ago = {"from": "2001-01-01", "until": "2002-01-01"}
    none = await asked(admin, "accounts", "accounts_share", period=long_ago)
    assert none["totals"][0]["values"] == {"accounts": 0, "accounts_share": None}


async def test_each_measure_of_accounts_is_told_alone(
    known: dict[str, str], everywhere: Organisation, client: Clients
) -> None:
    admin = client(everywhere.admin)
    measures = (await admin.get("/v1/analytics/measures")).json()["measures"]
    for name in [each["name"] for each in measures if each["cube"] == "accounts"]:
        [total] = (await asked(admin, name))["totals"]
        assert total["values"].keys() == {name}


async def test_people_count_the_accounts_that_they_see(
    known: dict[str, str], everywhere: Organisation, client: Clients
) -> None:
    for who, count in (("rep", 3), ("other_rep", 1), ("admin", 4)):
        found = await asked(client(everywhere.users[who]), "accounts", "accounts_share")
        assert found["totals"][0]["values"] == {"accounts": count, "accounts_share": 100}
    blind = everywhere.rep.but(permissions=("analytics:read", "orders:read"))
    refused = await client(blind).post("/v1/analytics/query", json={"measures": ["accounts"]})
    assert refused.status_code == 403
    assert "accounts:read" in refused.text


async def test_sales_and_complaints_are_told_apart_by_where_their_account_is(
    known: dict[str, str], everywhere: Organisation, sales: Clients, desk: Clients, client: Clients, hear: Hear
) -> None:  # fmt: skip
    await sold(sales(everywhere.admin), known["acme"], f"{YEAR}-01-01", "100.00")
    complaint = {"subject": "Late", "kind": "complaint", "account_id": known["acme"]}
    assert (await desk(everywhere.admin).post("/v1/tickets", json=complaint)).status_code == 201
    await hear()
    admin = client(everywhere.admin)
    found = await asked(admin, "revenue", "complaints", "accounts", dimensions=["city", "needs_tier"])  # fmt: skip
    lyon = next(row for row in found["rows"] if row["dimensions"]["city"] == "Lyon" and row["currency"])  # fmt: skip
    assert lyon["dimensions"]["needs_tier"] == "security"
    assert lyon["values"]["revenue"] == cny("100.00")


async def test_where_somebody_was_is_forgotten_with_their_name(
    everywhere: Organisation, sales: Clients, customers: Clients, client: Clients, hear: Hear
) -> None:
    people, admin = customers(everywhere.admin), client(everywhere.admin)
    person = await account_made(people, sales(everywhere.admin), "Wang", kind="person", addresses=LYON)  # fmt: skip
    await hear()
    moment, by = datetime.now(UTC).isoformat(), ["country", "province", "city"]
    before = await asked(admin, "accounts", dimensions=by)
    assert cells(before, "accounts") == {("FR", "Rhône", "Lyon"): 1}
    reason = {"reason": "subject_request"}
    erased = await people.post(f"/v1/accounts/{person}/erase", json=reason)
    assert erased.status_code == 200, erased.text
    await hear()
    then = await asked(admin, "accounts", dimensions=by, as_of=moment)
    assert cells(then, "accounts") == {("FR", None, None): 1}


@pytest.mark.parametrize("by", ["grade", "needs-tier", "relationship-level", "industry", "region"])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_distributions_come_as_pictures(
    known: dict[str, str], everywhere: Organisation, client: Clients, by: str, language: str
) -> None:
    run, admin = f"{REPORTS}/accounts-by-{by}/run?language={language}", client(everywhere.admin)
    drawn = await admin.get(f"{run}&format=svg")
    assert drawn.status_code == 200, drawn.text
    assert (await admin.get(f"{run}&format=png")).content.startswith(b"\x89PNG")
    table = (await admin.get(f"{run}&format=csv")).text
    assert ("Of all accounts" if language == "en" else "客户占比") in table


async def test_customers_are_graded_by_cumulative_margin(
    known: dict[str, str], everywhere: Organisation, sales: Clients, client: Clients, hear: Hear
) -> None:
    """Of margins 80, 15 and 5 the greatest is A and the least C, however much was sold to it."""
    rep = sales(everywhere.admin)
    for name, price, cost in (("acme", "90.00", "10.00"), ("twin", "20.00", "5.00"), ("none", "500.00", "495.00")):  # fmt: skip
        await sold(rep, known[name], f"{YEAR}-01-01", price, cost=cny(cost))
    await hear()
    admin = client(everywhere.admin)
    run = (await admin.get(f"{REPORTS}/customers-by-margin/run")).json()["answer"]
    assert {row["dimensions"]["account"]: row["grade"] for row in run["rows"]} == {
        known["acme"]: "A", known["twin"]: "B", known["none"]: "C",
    }  # fmt: skip
    await sold(rep, known["far"], f"{YEAR}-01-01", "1.00")
    await hear()
    run = (await admin.get(f"{REPORTS}/customers-by-margin/run")).json()["answer"]
    assert {row["dimensions"]["account"]: row["grade"] for row in run["rows"]} == {
        known["acme"]: "A", known["twin"]: "B", known["none"]: "C", known["far"]: None,
    }  # fmt: skip

"""Invoices as facts: measures equal to plain arithmetic over what pipeline told, now and of any moment, each with its records."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_analytics.facts.invoice_rules import BUCKETS, bucket_of
from guanxi_analytics.sources.rebuilding import rebuild_from
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.http import ServiceClient
from tests.analytics import owing
from tests.analytics.asking import asked
from tests.analytics.conftest import Hear
from tests.analytics.owing import (
    TODAY,
    ZONE,
    Ledger,
    account,
    accounts,
    days,
    invoice,
    owed,
    published,
    told_of,
)
from tests.analytics.test_rebuilds import contents, running
from tests.factories import Clients, Organisation
from tests.tickets.company import in_role

MEASURES = (
    "invoices", "invoiced", "outstanding", "overdue", "overdue_share", "invoices_overdue", "days_to_pay", "paid_late",
)  # fmt: skip
REQUEST = {"reason": "subject_request", "request_reference": "DSR-1"}
NAMES = ("Acme", "Ben", "Cui", "Dora", "Eve")
REGIONS = {"Acme": "华东", "Ben": "华东", "Cui": None, "Dora": "北京", "Eve": "北京"}
Told = Mapping[str, Any]


@given(st.integers(-1_000, 1_000))
def test_every_day_late_lies_in_one_bucket(n: int) -> None:
    ends = [most for most in BUCKETS.values() if most is not None]
    place = list(BUCKETS).index(bucket_of(n))
    assert place == sum(n > end for end in ends)


@pytest.mark.parametrize(
    ("n", "name"),
    [(-9, "not_due"), (0, "not_due"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (61, "61-90"), (90, "61-90"), (91, "over_90")],
)  # fmt: skip
def test_buckets_begin_where_they_say(n: int, name: str) -> None:
    assert bucket_of(n) == name


@pytest.fixture
async def customers_known(organisation: Organisation, service_database: Database) -> Organisation:
    for name, region in REGIONS.items():
        await accounts(service_database, organisation, {name: None}, region=region)
    return organisation


def keys_of(organisation: Organisation, today: date) -> dict[str, Callable[[Told], Any]]:
    """What each dimension is of an invoice."""
    regions = {account(organisation, name): region for name, region in REGIONS.items()}
    return {
        "account": lambda s: s["account_id"], "owner": lambda s: s["owner_id"], "region": lambda s: regions[s["account_id"]],
        "month": lambda s: s["issued_on"][:7], "overdue_bucket": lambda s: owing.bucket(s, today),
        "invoice_status": lambda s: s["status"],
    }  # fmt: skip


def by_hand(
    organisation: Organisation, states: owing.States, today: date, dimensions: list[str]
) -> dict[tuple[Any, ...], dict[str, Any]]:
    keys = keys_of(organisation, today)
    groups = defaultdict(list)
    for state in states.values():
        if state["status"] != "void":
            key = (*(keys[name](state) for name in dimensions), state["amount"]["currency"])
            groups[key].append(state)
    return {key: owing.figures(own, today) for key, own in groups.items()}


def as_told(row: Told) -> dict[str, Any]:
    return {
        name: Decimal(value["amount"]) if isinstance(value, dict) else value for name, value in row["values"].items()
    }  # fmt: skip


def same(found: Mapping[Any, Told], expected: Mapping[Any, Told]) -> None:
    assert found.keys() == expected.keys()
    for key, values in found.items():
        for name, value in values.items():
            wanted = expected[key][name]
            if isinstance(value, float) and wanted is not None:
                wanted = pytest.approx(float(wanted), abs=1e-3)
            assert value == wanted, (key, name)


@pytest.mark.parametrize("seed", range(4))
async def test_measures_are_plain_sums_over_what_was_told_now_and_then(
    customers_known: Organisation, client: Clients, service_database: Database, seed: int
) -> None:
    ledger = Ledger(customers_known, NAMES, seed)
    ledger.play(90)
    await owing.heard(service_database, customers_known, ledger.events)
    admin = client(customers_known.admin)
    middle, _ = ledger.past[45]
    moments = [(None, TODAY, ledger.standing)] + [
        ((at + timedelta(seconds=1)).isoformat(), at.astimezone(ZONE).date(), states)
        for at, states in (ledger.past[30], ledger.past[45])
    ]
    assert middle < ledger.at
    for as_of, today, states in moments:
        for dimensions in ([], ["account"], ["owner", "overdue_bucket"], ["region", "month"], ["invoice_status"]):  # fmt: skip
            found = await asked(admin, *MEASURES, dimensions=dimensions, as_of=as_of)
            rows = found["rows"] if dimensions else found["totals"]
            got = {(*row["dimensions"].values(), row["currency"]): as_told(row) for row in rows}
            same(got, by_hand(customers_known, states, today, dimensions))


async def test_each_bucket_lists_the_invoices_that_it_was_summed_from(
    customers_known: Organisation, client: Clients, service_database: Database
) -> None:
    ledger = Ledger(customers_known, NAMES, 11)
    ledger.play(80)
    await owing.heard(service_database, customers_known, ledger.events)
    admin = client(customers_known.admin)
    at = (ledger.past[60][0] + timedelta(seconds=1)).isoformat()
    for as_of in (None, at):
        found = await asked(
            admin, "outstanding", "invoices", dimensions=["overdue_bucket"], as_of=as_of
        )
        assert len(found["rows"]) > 5
        for row in found["rows"]:
            [records] = row["records"]
            lines = (await admin.post(records["path"], json=records["body"] | {"limit": 200})).json()["data"]  # fmt: skip
            assert len(lines) == row["values"]["invoices"]
            amounts = [Decimal(line["outstanding"]["amount"]) for line in lines]
            assert sum(amounts) == Decimal(row["values"]["outstanding"]["amount"])
            assert {line["outstanding"]["currency"] for line in lines} == {row["currency"]}


async def test_a_query_filters_by_age_and_what_the_account_is(
    customers_known: Organisation, client: Clients, service_database: Database
) -> None:
    await owed(
        service_database, customers_known,
        invoice(customers_known, "Acme", "10", -1), invoice(customers_known, "Ben", "20", -30),
        invoice(customers_known, "Dora", "40", -30), invoice(customers_known, "Acme", "80", 0),
        invoice(customers_known, "Acme", "160", -5, void=True), invoice(customers_known, "Acme", "320", -200, paid_on=-100),
    )  # fmt: skip
    admin = client(customers_known.admin)

    async def total(*filters: dict[str, Any]) -> tuple[Any, ...]:
        groups = [{"filters": list(filters)}]
        found = await asked(admin, "outstanding", "overdue", "invoices", filter_groups=groups)
        return tuple(as_told(found["totals"][0]).values())

    late = {"field": "overdue_bucket", "operator": "eq", "value": "1-30"}
    east = {"field": "region", "operator": "eq", "value": "华东"}
    assert await total() == (150, 70, 5)
    assert await total(late) == (70, 70, 3)
    assert await total(late, east) == (30, 30, 2)
    nothing = {"field": "overdue_bucket", "operator": "is_null", "value": True}
    assert await total(nothing) == (0, 0, 1)
    number = {"field": "invoice_number", "operator": "eq", "value": "RE-0"}
    assert (await total(number))[2] == 5


async def test_people_count_their_own_invoices(
    customers_known: Organisation, client: Clients, service_database: Database
) -> None:
    await owed(
        service_database, customers_known,
        invoice(customers_known, "Acme", "10", -1), invoice(customers_known, "Acme", "20", -1, owner="rep2"),
    )  # fmt: skip

    async def seen(who: str) -> list[Any]:
        found = await asked(client(customers_known.users[who]), "invoiced")
        return [as_told(total)["invoiced"] for total in found["totals"]]

    assert await seen("rep") == [10]
    assert await seen("rep2") == [20]
    assert await seen("manager") == [30]
    assert await seen("other_rep") == []
    for role in ("agent", "marketer"):
        nobody = client(in_role(customers_known.rep, role))
        answer = await nobody.post("/v1/analytics/query", json={"measures": ["invoiced"]})
        assert answer.status_code == 403, answer.text


async def test_a_kept_report_by_age_holds_for_a_day(
    customers_known: Organisation, client: Clients, service_database: Database
) -> None:
    await owed(service_database, customers_known, invoice(customers_known, "Acme", "10", -1))
    admin, path = client(customers_known.admin), "/v1/analytics/reports/receivables-ageing/run"
    first = (await admin.get(path)).json()
    again = (await admin.get(path)).json()
    assert (first["kept"]["is_kept"], again["kept"]["is_kept"]) == (False, True)
    assert again["kept"]["parameters"]["today"] == str(TODAY)
    [row] = again["answer"]["rows"]
    assert row["dimensions"] == {"overdue_bucket": "1-30"}


async def told(client: httpx.AsyncClient) -> dict[str, Any]:
    return as_told((await asked(client, *MEASURES))["totals"][0])


async def test_what_pipelines_feed_tells_is_heard_and_heard_again(
    everywhere: Organisation, pipeline: Edge, client: Clients, hear: Hear, service_database: Database,
    peer_clients: Mapping[str, ServiceClient],
) -> None:  # fmt: skip
    """Issued, paid in part, settled, deleted, given to the account it was merged into; then a rebuild."""
    one, two, gone = (invoice(everywhere, "Acme", amount, -3) for amount in ("10", "20", "40"))
    changed = {
        **two, "account_id": account(everywhere, "Ben"), "paid": owing.money("5", "CNY"), "outstanding": owing.money("15", "CNY"),
    }  # fmt: skip
    payment = {"id": account(everywhere, "payment"), "invoice_id": two["id"], "amount": owing.money("5", "CNY")}  # fmt: skip
    await published(
        pipeline, everywhere,
        *(told_of(everywhere, each) for each in (one, two, gone)),
        told_of(everywhere, payment, noun="pipeline.payment"),
        told_of(everywhere, changed, verb="updated", version=2),
        told_of(everywhere, gone, verb="deleted", version=2),
        told_of(everywhere, {**one, "status": "paid", "paid_on": days(0), "outstanding": owing.money("0", "CNY")}, verb="updated", version=2),
    )  # fmt: skip
    await hear()
    admin = client(everywhere.admin)
    figures = await told(admin)
    assert (figures["invoiced"], figures["outstanding"], figures["overdue"]) == (30, 15, 15)
    assert (figures["days_to_pay"], figures["paid_late"]) == (33, 100)
    [row] = (await asked(admin, "overdue", dimensions=["account"], filter_groups=[{"filters": [{"field": "outstanding", "operator": "gt", "value": "0"}]}]))["rows"]  # fmt: skip
    assert row["dimensions"] == {"account": account(everywhere, "Ben")}
    before = await contents(service_database, everywhere.id)
    assert len(before["invoice_facts"]) == 5
    await rebuild_from(await running(service_database, everywhere.id, admin), peer_clients)
    assert await contents(service_database, everywhere.id) == before
    assert await told(admin) == figures


async def test_credit_limits_are_facts_that_an_erasure_takes(
    everywhere: Organisation, customers: Clients, client: Clients, hear: Hear
) -> None:
    limit = {"amount": "817263.00", "currency": "EUR"}
    body = {"name": "Buyer", "kind": "person", "credit_limit": limit}
    made = await customers(everywhere.admin).post("/v1/accounts", json=body)
    assert made.status_code == 201, made.text
    await hear()
    admin, path = client(everywhere.admin), "/v1/analytics/facts/accounts/search"
    at = datetime.now(ZONE).isoformat()
    [row] = (await admin.post(path, json={})).json()["data"]
    assert row["credit_limit"] == limit
    erased = await customers(everywhere.admin).post(
        f"/v1/accounts/{made.json()['id']}/erase", json=REQUEST
    )
    assert erased.status_code == 200, erased.text
    await hear()
    [row] = (await admin.post(path, json={"as_of": at})).json()["data"]
    assert row["credit_limit"] is None

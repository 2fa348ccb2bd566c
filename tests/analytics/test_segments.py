"""Segments as a dimension: of many values, seen by those who see them, as they were known, totals counted once."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanxi_analytics.facts.kinds import MEMBERSHIPS, SEGMENTS
from guanxi_analytics.facts.writing import write_facts
from guanxi_analytics.queries.suppression_rules import Part, hidden_overlapping
from guanxi_contacts.segments.sweeping import look_at_organisation
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from tests.analytics.asking import account_made, asked, cells, money, sold
from tests.analytics.conftest import Hear
from tests.analytics.test_fits import customer, heard
from tests.factories import Clients, Organisation

ALL_ACCOUNTS = {"*": "own", "accounts": "all", "orders": "all"}
QUERY = "/v1/analytics/query"
Look = Callable[[], Awaitable[None]]
Known = dict[str, str]


@pytest.fixture
def look(everywhere: Organisation, peers: Mapping[str, Edge], hear: Hear) -> Look:
    """Contacts looks at all segments, and what it tells is heard."""

    async def looked() -> None:
        database, now = peers["contacts"].state.house.db, datetime.now(UTC)
        await look_at_organisation(database, everywhere.id, now=now, every=timedelta())
        await hear()

    return looked


async def segment_made(client: Any, name: str, *members: str, **more: Any) -> str:
    body = {"name": name, "resource": "accounts", "kind": "frozen", "shared_with": "all"} | more
    answer = await client.post("/v1/segments", json=body)
    assert answer.status_code == 201, answer.text
    id = str(answer.json()["id"])
    if members:
        await changed(client, id, add=list(members))
    return id


async def changed(client: Any, segment: str, **sent: Any) -> None:
    answer = await client.post(f"/v1/segments/{segment}/members", json=sent)
    assert answer.status_code == 200, answer.text


@pytest.fixture
async def known(everywhere: Organisation, sales: Clients, customers: Clients, hear: Hear) -> Known:
    """Four accounts with sales; a segment of the first two, one of the second and third, the fourth in none."""
    people, seller = customers(everywhere.admin), sales(everywhere.admin)
    found = {}
    for name, region, amount in (("a", "east", "10.00"), ("b", "east", "20.00"), ("c", "west", "40.00"), ("d", "west", "80.00")):  # fmt: skip
        found[name] = await account_made(people, seller, name, region=region)
        await sold(seller, found[name], "2026-03-05", amount)
    await sold(seller, found["b"], "2026-04-05", "7.00")
    found["big"] = await segment_made(people, "Big", found["a"], found["b"])
    found["new"] = await segment_made(people, "New", found["b"], found["c"])
    await hear()
    return found


async def test_a_fact_counts_in_each_segment_of_its_account_and_once_in_the_total(
    known: Known, everywhere: Organisation, client: Clients
) -> None:
    admin = client(everywhere.admin)
    found = await asked(admin, "revenue", "customers", dimensions=["segment"])
    assert cells(found, "revenue") == {
        (known["big"],): money("37.00"), (known["new"],): money("67.00"), (None,): money("80.00"),
    }  # fmt: skip
    assert cells(found, "customers") == {(known["big"],): 2, (known["new"],): 2, (None,): 1}
    assert found["totals"][0]["values"] == {"revenue": money("157.00"), "customers": 4}
    assert found["names"]["segment"] == {known["big"]: "Big", known["new"]: "New"}
    assert found["dimensions"] == [
        {"name": "segment", "labels": {"en": "Segment", "zh": "客户细分"}, "is_many_valued": True}
    ]
    without = await asked(admin, "revenue", "customers")
    assert [row["values"] for row in without["totals"]] == [found["totals"][0]["values"]]
    for row in found["rows"]:
        [records] = row["records"]
        answer = await admin.post(records["path"], json=records["body"])
        assert answer.status_code == 200, answer.text
        shown = answer.json()["data"]
        assert sum(Decimal(each["amount"]["amount"]) for each in shown) == Decimal(row["values"]["revenue"]["amount"])  # fmt: skip


async def test_segments_stand_beside_other_dimensions_periods_comparisons_and_filters(
    known: Known, everywhere: Organisation, client: Clients
) -> None:
    admin, big, new = client(everywhere.admin), known["big"], known["new"]
    found = await asked(admin, "revenue", dimensions=["segment", "region"])
    assert cells(found, "revenue") == {
        (big, "east"): money("37.00"), (new, "east"): money("27.00"), (new, "west"): money("40.00"),
        (None, "west"): money("80.00"),
    }  # fmt: skip
    april = {"from": "2026-04-01", "until": "2026-05-01"}
    found = await asked(admin, "revenue", dimensions=["month", "segment"], period=april, compare="previous_period")  # fmt: skip
    rows = {tuple(row["dimensions"].values()): row for row in found["rows"]}
    assert rows["2026-04", big]["values"] == {"revenue": money("7.00")}
    assert rows["2026-04", big]["compared"] == {"revenue": money("30.00")}
    assert found["totals"][0]["compared"] == {"revenue": money("150.00")}
    [first] = (await asked(admin, "revenue", dimensions=["segment"], top=1))["rows"]
    assert first["dimensions"] == {"segment": None}

    async def filtered(operator: str, value: Any) -> Any:
        groups = [{"filters": [{"field": "segment_id", "operator": operator, "value": value}]}]
        told = await asked(admin, "revenue", filter_groups=groups)
        return told["totals"][0]["values"]["revenue"]["amount"]

    assert await filtered("eq", big) == "37.00"
    assert await filtered("in", [big, new]) == "77.00"
    assert await filtered("nin", [big]) == "120.00"
    assert await filtered("is_null", True) == "80.00"
    assert await filtered("is_null", False) == "77.00"
    groups = [{"filters": [{"field": "segment_id", "operator": "eq", "value": big}]}]
    both = await asked(admin, "revenue", dimensions=["segment"], filter_groups=groups)
    assert cells(both, "revenue") == {(big,): money("37.00"), (new,): money("27.00")}
    [records] = next(row["records"] for row in both["rows"] if row["dimensions"]["segment"] == new)
    answer = await admin.post(records["path"], json=records["body"])
    assert {each["account_id"] for each in answer.json()["data"]} == {known["b"]}


async def test_every_kind_of_facts_that_names_an_account_is_told_by_segment(
    known: Known, everywhere: Organisation, sales: Clients, desk: Clients, customers: Clients, client: Clients, hear: Hear
) -> None:  # fmt: skip
    ticket = {"subject": "T", "kind": "complaint", "account_id": known["b"]}
    made = await desk(everywhere.admin).post("/v1/tickets", json=ticket)
    assert made.status_code == 201, made.text
    plan = await desk(everywhere.admin).post(f"/v1/tickets/{made.json()['id']}/loop/actions", json={"body": "B"})  # fmt: skip
    assert plan.status_code == 201, plan.text
    visit = {"kind": "visit", "subject": "V", "account_ids": [known["a"], known["b"]]}
    assert (await customers(everywhere.admin).post("/v1/activities", json=visit)).status_code == 201
    stock = {"account_id": known["c"], "sku": "P", "month": "2026-03", "opening": 5, "bought": 2}
    assert (await sales(everywhere.admin).post("/v1/orders/stock-reports", json=stock)).status_code == 201  # fmt: skip
    await hear()
    admin, big, new = client(everywhere.admin), known["big"], known["new"]
    told = (await admin.get("/v1/analytics/measures")).json()
    able = {each["name"] for each in told["measures"] if "segment" in each["dimensions"]}
    assert {"revenue", "accounts", "tickets_opened", "activities", "sell_in", "complaints", "contract_terms"} <= able  # fmt: skip
    assert "quota" not in able and "campaign_cost" not in able  # noqa: PT018
    for measure in sorted(able):
        answer = await admin.post(QUERY, json={"measures": [measure], "dimensions": ["segment"]})
        assert answer.status_code == 200, (measure, answer.text)
    refused = await admin.post(QUERY, json={"measures": ["quota"], "dimensions": ["segment"]})
    assert refused.status_code == 422
    expected = {
        "accounts": {(big,): 2, (new,): 2, (None,): 1}, "complaints": {(big,): 1, (new,): 1},
        "corrective_actions": {(big,): 1, (new,): 1}, "activities": {(big,): 1, (new,): 1}, "sell_in": {(new,): 0, (big,): 0, (None,): 0},
    }  # fmt: skip
    for measure, rows in expected.items():
        if measure in able and measure != "sell_in":
            found = await asked(admin, measure, dimensions=["segment"])
            assert cells(found, measure) == rows, measure
    found = await asked(admin, "activities", dimensions=["segment"])
    assert found["totals"][0]["values"] == {"activities": 1}
    shares = await asked(admin, "accounts_share", dimensions=["segment"])
    assert cells(shares, "accounts_share") == {(big,): 50, (new,): 50, (None,): 25}


async def test_a_private_segment_is_nobody_elses_and_its_accounts_are_in_none_of_theirs(
    known: Known, everywhere: Organisation, customers: Clients, client: Clients, hear: Hear
) -> None:
    """Of somebody who sees all accounts, and of segments their own and those that are shared."""
    manager, people = everywhere.manager.but(visibility=ALL_ACCOUNTS), customers(everywhere.admin)
    secret = await segment_made(people, "Secret", known["d"], shared_with="nobody")
    await hear()
    own = await asked(client(everywhere.admin), "accounts", dimensions=["segment"])
    assert cells(own, "accounts") == {(known["big"],): 2, (known["new"],): 2, (secret,): 1}
    other = await asked(client(manager), "accounts", dimensions=["segment"])
    assert cells(other, "accounts") == {(known["big"],): 2, (known["new"],): 2, (None,): 1}
    assert "Secret" not in str(other)
    [nobodys] = next(
        row["records"] for row in other["rows"] if row["dimensions"]["segment"] is None
    )
    answer = await client(manager).post(nobodys["path"], json=nobodys["body"])
    assert [each["account_id"] for each in answer.json()["data"]] == [known["d"]]
    body = {"filter_groups": [{"filters": [{"field": "segment_id", "operator": "eq", "value": secret}]}]}  # fmt: skip
    hidden = await client(manager).post("/v1/analytics/facts/accounts/search", json=body)
    assert hidden.json()["data"] == []
    shared = await people.patch(f"/v1/segments/{secret}", json={"shared_with": "all"})
    assert shared.status_code == 200, shared.text
    await hear()
    other = await asked(client(manager), "accounts", dimensions=["segment"])
    assert cells(other, "accounts") == cells(own, "accounts")
    blind = everywhere.admin.but(permissions=("analytics:read", "accounts:read"))
    for path, sent in (
        (QUERY, {"measures": ["accounts"], "dimensions": ["segment"]}), (QUERY, {"measures": ["accounts"], **body}),
        ("/v1/analytics/facts/accounts/search", body),
    ):  # fmt: skip
        refused = await client(blind).post(path, json=sent)
        assert refused.status_code == 403, (path, sent)
        assert "segments:read" in refused.text


async def test_what_one_sees_of_segments_is_what_contacts_shows(
    known: Known, everywhere: Organisation, customers: Clients, client: Clients, hear: Hear
) -> None:
    """For everybody, each segment in the answers is one in their list, and each of their list with visible accounts is."""
    admin = customers(everywhere.admin)
    manager = customers(everywhere.manager)
    await segment_made(admin, "Admin's own", known["a"], shared_with="nobody")
    answer = await manager.post("/v1/segments", json={
        "name": "Manager's own", "resource": "accounts", "kind": "frozen", "document": {"filter_groups": []},
    })  # fmt: skip
    assert answer.status_code == 201, answer.text
    await segment_made(manager, "Team", shared_with="team", shared_team_id=str(everywhere.teams["a"]))  # fmt: skip
    mine = await account_made(customers(everywhere.rep), customers(everywhere.rep), "mine")
    for segment in (await admin.get("/v1/segments")).json()["data"]:
        await changed(admin, segment["id"], add=[mine])
    await hear()
    for who in ("admin", "manager", "rep", "other_rep", "junior"):
        user = everywhere.users[who]
        listed = await customers(user).get("/v1/segments")
        if listed.status_code == 403:
            continue
        shown = {row["id"] for row in listed.json()["data"]}
        found = await asked(client(user), "accounts", dimensions=["segment"])
        told = {row["dimensions"]["segment"] for row in found["rows"]} - {None}
        sees_mine = (await customers(user).get(f"/v1/accounts/{mine}")).status_code == 200
        assert told == shown if sees_mine else told <= shown, who


async def test_memberships_names_and_merges_are_as_they_were_known(
    known: Known, everywhere: Organisation, customers: Clients, client: Clients, hear: Hear
) -> None:
    people, admin = customers(everywhere.admin), client(everywhere.admin)
    big, new = known["big"], known["new"]
    moment = datetime.now(UTC).isoformat()
    before = await asked(admin, "revenue", dimensions=["segment"])
    await changed(people, big, add=[known["d"]], remove=[known["a"]])
    assert (await people.patch(f"/v1/segments/{big}", json={"name": "Great"})).status_code == 200
    await hear()
    now = await asked(admin, "revenue", dimensions=["segment"])
    assert cells(now, "revenue") == {(big,): money("107.00"), (new,): money("67.00"), (None,): money("10.00")}  # fmt: skip
    assert now["names"]["segment"][big] == "Great"
    then = await asked(admin, "revenue", dimensions=["segment"], as_of=moment)
    assert cells(then, "revenue") == cells(before, "revenue")
    row = next(row for row in then["rows"] if row["dimensions"]["segment"] == big)
    answer = await admin.post(row["records"][0]["path"], json=row["records"][0]["body"])
    assert {each["account_id"] for each in answer.json()["data"]} == {known["a"], known["b"]}

    merge = {"resource": "accounts", "survivor_id": known["a"], "source_ids": [known["b"]]}
    made = await people.post("/v1/merges", json=merge)
    assert made.status_code == 201, made.text
    await hear()
    found = await asked(admin, "accounts", dimensions=["segment"])
    assert cells(found, "accounts") == {(big,): 2, (new,): 2}
    assert (await people.delete(f"/v1/segments/{new}")).status_code == 200
    await hear()
    found = await asked(admin, "accounts", dimensions=["segment"])
    assert cells(found, "accounts") == {(big,): 2, (None,): 1}
    assert (await people.post(f"/v1/segments/{new}/restore")).status_code == 200
    assert (await people.post(f"/v1/merges/{made.json()['id']}/undo")).status_code == 200
    await hear()
    found = await asked(admin, "revenue", dimensions=["segment"])
    assert cells(found, "revenue") == cells(now, "revenue")


async def test_dynamic_segments_are_known_after_a_look(
    known: Known, everywhere: Organisation, customers: Clients, client: Clients, look: Look
) -> None:
    people, admin = customers(everywhere.admin), client(everywhere.admin)
    document = {"filter_groups": [{"filters": [{"field": "region", "operator": "eq", "value": "west"}]}]}  # fmt: skip
    west = await segment_made(people, "West", kind="dynamic", document=document)
    await look()
    found = await asked(admin, "revenue", dimensions=["segment"])
    assert cells(found, "revenue")[west,] == money("120.00")
    moved = await people.patch(f"/v1/accounts/{known['c']}", json={"region": "east"})
    assert moved.status_code == 200, moved.text
    await look()
    found = await asked(admin, "revenue", dimensions=["segment"])
    assert cells(found, "revenue")[west,] == money("80.00")


async def test_reports_by_segment_are_kept_apart_for_those_who_see_other_segments(
    known: Known, everywhere: Organisation, customers: Clients, client: Clients, hear: Hear
) -> None:
    await segment_made(customers(everywhere.admin), "Secret", known["d"], shared_with="nobody")
    await hear()
    path = "/v1/analytics/reports/accounts-by-segment/run"
    whole = everywhere.admin
    first = await client(whole).get(path)
    assert first.status_code == 200, first.text
    assert "Secret" in first.text
    second = await client(everywhere.manager.but(visibility=ALL_ACCOUNTS)).get(path)
    assert second.status_code == 200, second.text
    assert len(second.json()["answer"]["rows"]) == 3
    assert "Secret" not in second.text
    again = (await client(whole).get(path)).json()
    assert again["kept"]["is_kept"]
    await changed(customers(everywhere.admin), known["big"], remove=[known["a"]])
    await hear()
    assert not (await client(whole).get(path)).json()["kept"]["is_kept"]
    picture = await client(whole).get("/v1/analytics/reports/sales-by-segment/run", params={"format": "svg", "language": "en"})  # fmt: skip
    assert picture.status_code == 200, picture.text
    assert "A customer may be in several rows" in picture.text
    document = {"measures": ["revenue"], "dimensions": ["segment"]}
    graded = {"name": "G", "document": document, "is_graded": True}
    refused = await client(whole).post("/v1/analytics/reports", json=graded)
    assert refused.status_code == 422
    assert "is_graded" in refused.json()["errors"]
    saved = await client(whole).post("/v1/analytics/reports", json=graded | {"is_graded": False})
    assert saved.status_code == 201, saved.text
    later = await client(whole).patch(f"/v1/analytics/reports/{saved.json()['id']}", json={"is_graded": True})  # fmt: skip
    assert later.status_code == 422, later.text


MEMBERS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=14)


def told(organisation: Organisation, noun: str, id: str, **state: Any) -> dict[str, Any]:
    return {
        "organisation_id": str(organisation.id), "type": f"contacts.{noun}.created", "subject_type": noun, "subject_id": id,
        "version": 1, "before": None, "after": {"id": id, **state}, "occurred_at": "2026-01-02T00:00:00+00:00",
    }  # fmt: skip


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(MEMBERS, st.lists(st.tuples(st.integers(0, 5), st.integers(1, 900), st.sampled_from(["CNY", "USD"])), max_size=14))  # fmt: skip
async def test_totals_with_segments_equal_totals_without_them(
    organisation: Organisation, client: Clients, service_database: Database,
    members: list[tuple[int, int]], bought: list[tuple[int, int, str]],
) -> None:  # fmt: skip
    """Rows are what a list of lists says; names are the run's own, so that examples do not meet."""
    run = str(uuid4())
    for currency in ("CNY", "USD"):
        own = [(f"{run}{who}", date(2026, 3, 1), Decimal(n)) for who, n, c in bought if c == currency]  # fmt: skip
        await heard(service_database, organisation, own, currency)
    segments = [str(uuid4()) for _ in range(4)]
    events = [
        told(organisation, "segment", id, name="S", resource="accounts", kind="frozen", shared_with="all",
             shared_team_id=None, owner_id=None)
        for id in segments
    ]  # fmt: skip
    pairs = {(str(customer(organisation, f"{run}{who}")), segments[n]) for who, n in members}
    events += [
        told(organisation, "segment_member", str(uuid4()), segment_id=segment, account_id=account)
        for account, segment in pairs
    ]
    async with service_database.transaction(organisation.id) as connection:
        await write_facts(connection, organisation.id, "contacts", events)
    accounts = [str(customer(organisation, f"{run}{who}")) for who in range(6)]
    groups = [{"filters": [{"field": "account_id", "operator": "in", "value": accounts}]}]
    measures, admin = ("revenue", "orders", "customers"), client(organisation.admin)
    found = await asked(admin, *measures, dimensions=["segment"], filter_groups=groups)
    without = await asked(admin, *measures, filter_groups=groups)
    assert [(t["currency"], t["values"]) for t in found["totals"]] == [
        (t["currency"], t["values"]) for t in without["totals"]
    ]
    expected: dict[tuple[str | None, str], int] = defaultdict(int)
    for who, amount, currency in bought:
        account = str(customer(organisation, f"{run}{who}"))
        of: list[str | None] = [segment for each, segment in pairs if each == account]
        for segment in of or [None]:
            expected[segment, currency] += amount
    rows: dict[tuple[str | None, str], Decimal] = {
        (row["dimensions"]["segment"], row["currency"]): Decimal(row["values"]["revenue"]["amount"])
        for row in found["rows"]
    }
    assert rows == expected
    for row in found["rows"]:
        [records] = row["records"]
        answer = (await admin.post(records["path"], json=records["body"] | {"limit": 200})).json()
        assert sum(Decimal(e["amount"]["amount"]) for e in answer["data"]) == rows[row["dimensions"]["segment"], row["currency"]]  # fmt: skip


SETS = st.dictionaries(
    st.integers(0, 25), st.frozensets(st.integers(0, 4), max_size=5), max_size=26
)


@given(SETS, st.integers(1, 6))
def test_no_remainder_of_rows_that_overlap_is_of_few_customers(
    sets: dict[int, frozenset[int]], least: int
) -> None:
    """Customers with their segments: any two who are told apart by what is shown are of a whole crowd."""
    rows: dict[tuple[Any, Any], set[int]] = defaultdict(set)
    alike: dict[frozenset[int], int] = defaultdict(int)
    for who, segments in sets.items():
        alike[segments] += 1
        for segment in segments or {None}:
            rows[segment, None].add(who)
    parts = [Part(frozenset((s, None) for s in own or {None}), n, None) for own, n in alike.items()]
    hidden = hidden_overlapping({key: len(own) for key, own in rows.items()}, parts, least)
    shown = {key: own for key, own in rows.items() if key not in hidden}
    assert all(len(own) >= least for own in shown.values())
    crowds: dict[frozenset[Any], int] = defaultdict(int)
    for who in sets:
        crowds[frozenset(key for key, own in shown.items() if who in own)] += 1
    if shown:
        assert min(crowds.values()) >= least
    if all(n >= least for n in alike.values()):
        assert hidden == set()


async def test_small_rows_that_overlap_hide_what_would_tell_of_them(
    organisation: Organisation, client: Clients, service_database: Database, service: Edge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Nine of ten in one segment: the tenth's sales are what is left of the total."""
    monkeypatch.setattr(service.state.house.settings, "smallest_cell", 3)
    await heard(service_database, organisation, [(f"c{n}", date(2026, 3, 1), Decimal(5)) for n in range(10)])  # fmt: skip
    nine, five, all_ids = str(uuid4()), str(uuid4()), []
    for id, count in ((nine, 9), (five, 5)):
        all_ids.append(told(organisation, "segment", id, name="S", resource="accounts", kind="frozen",
                            shared_with="all", shared_team_id=None, owner_id=None))  # fmt: skip
        all_ids += [
            told(organisation, "segment_member", str(uuid4()), segment_id=id,
                 account_id=str(customer(organisation, f"c{n}")))
            for n in range(count)
        ]  # fmt: skip
    async with service_database.transaction(organisation.id) as connection:
        await write_facts(connection, organisation.id, "contacts", all_ids)
    found = await asked(client(organisation.admin), "revenue", "customers", dimensions=["segment"])
    assert {row["dimensions"]["segment"]: row["is_suppressed"] for row in found["rows"]} == {
        nine: True, five: False, None: True,
    }  # fmt: skip
    assert found["totals"][0]["values"]["customers"] == 10


async def test_what_contacts_tells_of_segments_is_what_analytics_reads(
    known: Known, everywhere: Organisation, service_database: Database
) -> None:
    async with service_database.transaction(everywhere.id) as connection:
        for kind, count in ((SEGMENTS, 2), (MEMBERSHIPS, 4)):
            rows = await connection.fetch(f"SELECT * FROM {kind.table.name} WHERE organisation_id = $1", everywhere.id)  # fmt: skip
            assert len(rows) == count
    pairs = {(str(row["segment_id"]), str(row["account_id"])) for row in rows}
    assert pairs == {
        (known["big"], known["a"]), (known["big"], known["b"]), (known["new"], known["b"]), (known["new"], known["c"]),
    }  # fmt: skip

"""Activities as facts: counted when they were done, once however many accounts they were with, by those who see them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_analytics.facts.activity_rules import activity_of, shared
from guanxi_analytics.queries.cubes import CUBES
from guanxi_analytics.queries.measures import MEASURES
from guanxi_shared.identifiers import new_id
from tests.analytics.asking import account_made, asked, cells
from tests.analytics.conftest import Hear
from tests.analytics.doing import ACTIVITIES, activity, done, records_of, visited
from tests.factories import Clients, Organisation
from tests.tickets.company import in_role

ALL = [name for name, measure in MEASURES.items() if measure.cube == "activities"]
COUNTS = ("activities", "activities_done", "activities_planned", "activities_overdue", "visits")


def counts(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row["values"][name] for name in COUNTS)


@pytest.fixture
async def accounts(
    everywhere: Organisation, customers: Clients, sales: Clients, hear: Hear
) -> list[str]:
    """Of `rep`: in the east, in the north, and nowhere."""
    people, rep = customers(everywhere.rep), sales(everywhere.rep)
    return [
        await account_made(people, rep, name, region=region)
        for name, region in (("Acme", "华东"), ("Ben", "华北"), ("Cao", None))
    ]


async def test_what_was_done_counts_on_its_day_and_once(
    everywhere: Organisation, accounts: list[str], customers: Clients, client: Clients, hear: Hear
) -> None:
    """A visit to two accounts is one visit; its time is shared, so that it adds up."""
    rep, (acme, ben, _) = customers(everywhere.rep), accounts
    await visited(rep, "2026-03-05T02:00:00Z", acme, ben, duration_minutes=61)
    await visited(rep, "2026-03-31T15:59:00Z", acme, duration_minutes=30)
    await visited(rep, "2026-03-31T16:01:00Z", acme)  # it is April in Shanghai
    await activity(rep, "call", ben, status="done", done_at="2026-03-07T02:00:00Z")
    await activity(rep, "visit", ben, status="cancelled", starts_at="2026-03-08T02:00:00Z")
    await activity(rep, "note")
    await hear()
    admin = client(everywhere.admin)
    march = {"from": "2026-03-01", "until": "2026-04-01"}
    found = await asked(admin, *ALL, dimensions=["region"], period=march)
    assert cells(found, "visits") == {("华东",): 2, ("华北",): 1}
    assert cells(found, "activity_minutes") == {("华东",): 61, ("华北",): 30}
    assert cells(found, "activities_done") == {("华东",): 2, ("华北",): 2}
    [total] = found["totals"]
    values = total["values"]
    assert (values["visits"], values["activities_done"], values["activity_minutes"]) == (2, 3, 91)
    assert (values["accounts_visited"], values["accounts_contacted"]) == (2, 2)
    assert values["visits_per_account"] == 1
    kinds = await asked(
        admin, "activities_done", dimensions=["activity_kind", "month"], period=march
    )
    assert cells(kinds, "activities_done") == {("visit", "2026-03"): 2, ("call", "2026-03"): 1}
    april = await asked(admin, "visits", dimensions=["month", "account"])
    assert cells(april, "visits")["2026-04", acme] == 1


async def test_planned_and_overdue_stand_beside(
    everywhere: Organisation, accounts: list[str], customers: Clients, client: Clients, hear: Hear
) -> None:
    """Overdue is what ought to have been done on a day before that of the moment asked for."""
    rep, [acme, *_] = customers(everywhere.rep), accounts
    now = datetime.now(UTC)
    late, soon = now - timedelta(days=3), now + timedelta(days=3)
    task = await activity(rep, "task", acme, due_at=late.isoformat())
    await activity(rep, "visit", acme, starts_at=soon.isoformat(), duration_minutes=45)
    await activity(rep, "task")  # for no time at all
    await activity(
        rep, "meeting", acme, starts_at=late.isoformat(), recurrence="FREQ=DAILY"
    )  # a rule is no activity
    await hear()
    admin, at = client(everywhere.admin), datetime.now(UTC).isoformat()
    [total] = (await asked(admin, *COUNTS))["totals"]
    assert counts(total) == (3, 0, 3, 1, 0)
    await done(rep, "POST", f"{ACTIVITIES}/{task}/complete", json={"outcome": "签约"})
    await hear()
    [total] = (await asked(admin, *COUNTS))["totals"]
    assert counts(total) == (3, 1, 2, 0, 0)
    [past] = (await asked(admin, *COUNTS, as_of=at))["totals"]
    assert counts(past) == (3, 0, 3, 1, 0)
    before = (now - timedelta(days=30)).isoformat()
    assert (await asked(admin, *COUNTS, as_of=before))["totals"][0]["values"]["activities"] == 0


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_the_ends_of_the_calendar_are_moments_too(
    client: Clients, everywhere: Organisation, at: str
) -> None:
    west = everywhere.admin.but(time_zone="America/New_York")
    for reader in (client(everywhere.admin), client(west)):
        found = await asked(reader, "activities_overdue", as_of=at)
        assert found["totals"][0]["values"]["activities_overdue"] == 0
        for form in ("json", "svg"):
            params = {"as_of": at, "format": form}
            answer = await reader.get("/v1/analytics/reports/activities-overdue/run", params=params)
            assert answer.status_code < 500, answer.text


async def test_a_visit_takes_as_long_as_its_checks_say(
    everywhere: Organisation, accounts: list[str], customers: Clients, client: Clients, hear: Hear
) -> None:
    rep, [acme, *_] = customers(everywhere.rep), accounts
    now = datetime.now(UTC)
    visit = await activity(rep, "visit", acme, duration_minutes=240)
    for step, minutes in (("in", 50), ("out", 5)):
        at = (now - timedelta(minutes=minutes)).isoformat()
        await done(
            rep, "POST", f"{ACTIVITIES}/{visit}/check-{step}",
            json={"device_time": at, "sent_at": datetime.now(UTC).isoformat(), "latitude": 1, "longitude": 1},
        )  # fmt: skip
    await done(rep, "POST", f"{ACTIVITIES}/{visit}/complete", json={})
    await hear()
    [total] = (await asked(client(everywhere.admin), *ALL))["totals"]
    assert (total["values"]["visits"], total["values"]["visits_checked_in"]) == (1, 1)
    assert total["values"]["activity_minutes"] == 45


async def test_every_cell_names_the_activities_that_it_counts(
    everywhere: Organisation, accounts: list[str], customers: Clients, client: Clients, hear: Hear
) -> None:
    rep, (acme, ben, cao) = customers(everywhere.rep), accounts
    for n, with_whom in enumerate([(acme, ben), (acme,), (ben,), (cao,), ()]):
        await visited(rep, f"2026-0{1 + n % 2}-05T02:00:00Z", *with_whom)
    await activity(rep, "call", acme, starts_at="2026-01-09T02:00:00Z")
    await hear()
    reader = client(everywhere.rep)
    found = await asked(
        reader, "activities", dimensions=["month", "region", "activity_kind"],
        filter_groups=[{"filters": [{"field": "kind", "operator": "in", "value": ["visit", "call"]}]}],
    )  # fmt: skip
    assert len(found["rows"]) == 6
    for row in [*found["rows"], *found["totals"]]:
        rows = (await records_of(reader, row))["activities"]
        assert len({each["activity_id"] for each in rows}) == row["values"]["activities"]
        assert all("subject" not in each for each in rows)
    assert found["totals"][0]["values"]["activities"] == 6


async def test_only_activities_that_the_caller_sees_are_counted(
    everywhere: Organisation, accounts: list[str], customers: Clients, client: Clients, hear: Hear,
    other_organisation: Organisation,
) -> None:  # fmt: skip
    """By the permission and the breadth of activities, whoever may see the account."""
    await visited(customers(everywhere.rep), "2026-03-05T02:00:00Z", accounts[0])
    await visited(customers(everywhere.admin), "2026-03-06T02:00:00Z", accounts[0])
    await hear()
    seen = {}
    for name in ("rep", "manager", "admin", "other_rep", "junior", "read_only"):
        reader = client(everywhere.users[name])
        found = await asked(reader, "visits", dimensions=["owner"])
        records = await done(reader, "POST", "/v1/analytics/facts/activities/search", json={})
        seen[name] = (found["totals"][0]["values"]["visits"], len(records["data"]))
    assert seen == {
        "rep": (1, 1), "manager": (1, 1), "admin": (2, 2), "other_rep": (0, 0), "junior": (0, 0), "read_only": (0, 0),
    }  # fmt: skip
    foreign = await asked(client(other_organisation.admin), "visits")
    assert foreign["totals"][0]["values"]["visits"] == 0
    blind = everywhere.admin.but(permissions=("analytics:read", "orders:read"))
    for path, body in (
        ("query", {"measures": ["visits"]}), ("facts/activities/search", {}),
    ):  # fmt: skip
        answer = await client(blind).post(f"/v1/analytics/{path}", json=body)
        assert (answer.status_code, "activities:read" in answer.text) == (403, True)


async def test_a_marketer_counts_their_teams_activities_of_all_accounts(
    everywhere: Organisation, accounts: list[str], customers: Clients, client: Clients, hear: Hear
) -> None:
    await visited(customers(everywhere.rep), "2026-03-05T02:00:00Z", accounts[0])
    await hear()
    seen = {}
    for name in ("rep2", "other_rep"):
        found = await asked(client(in_role(everywhere.users[name], "marketer")), "visits")
        seen[name] = found["totals"][0]["values"]["visits"]
    assert seen == {"rep2": 1, "other_rep": 0}


async def test_a_merge_takes_the_activities_along_and_gives_them_back(
    everywhere: Organisation, customers: Clients, sales: Clients, client: Clients, hear: Hear
) -> None:
    """Of one with both, one account remains."""
    people, rep = customers(everywhere.admin), sales(everywhere.admin)
    keep, twin = [await account_made(people, rep, name) for name in ("Keep", "Twin")]
    await visited(people, "2026-03-05T02:00:00Z", keep, twin, duration_minutes=60)
    await visited(people, "2026-03-06T02:00:00Z", twin, duration_minutes=20)
    await hear()
    reader, at = client(everywhere.admin), datetime.now(UTC).isoformat()

    async def minutes(**more: Any) -> dict[str, int]:
        found = await asked(reader, "activity_minutes", "visits", dimensions=["account"], **more)
        assert found["totals"][0]["values"]["visits"] == 2
        return {
            row["dimensions"]["account"]: row["values"]["activity_minutes"] for row in found["rows"]
        }

    assert await minutes() == {keep: 30, twin: 50}
    merge = {"resource": "accounts", "survivor_id": keep, "source_ids": [twin]}
    merged = await done(people, "POST", "/v1/merges", json=merge)
    await hear()
    assert await minutes() == {keep: 80}
    assert await minutes(as_of=at) == {keep: 30, twin: 50}
    await done(people, "POST", f"/v1/merges/{merged['id']}/undo")
    await hear()
    assert await minutes() == {keep: 30, twin: 50}


async def test_an_erasure_leaves_the_count_and_no_name(
    everywhere: Organisation, customers: Clients, sales: Clients, client: Clients, hear: Hear
) -> None:
    people, rep = customers(everywhere.admin), sales(everywhere.admin)
    ben = await account_made(people, rep, "Ben Canary", kind="person")
    await visited(people, "2026-03-05T02:00:00Z", ben, subject="Ben Canary", outcome="Ben Canary")
    await hear()
    reader = client(everywhere.admin)
    ask: dict[str, Any] = {"dimensions": ["account"]}
    assert (await asked(reader, "visits", **ask))["names"]["account"] == {ben: "Ben Canary"}
    await done(people, "POST", f"/v1/accounts/{ben}/erase", json={"reason": "subject_request"})
    await hear()
    found = await asked(reader, "visits", **ask)
    assert cells(found, "visits") == {(ben,): 1}
    records = await done(reader, "POST", "/v1/analytics/facts/activities/search", json={})
    assert "Canary" not in str((found, records))


@given(st.integers(0, 50_000), st.integers(1, 40))
def test_shares_of_minutes_add_up(minutes: int, count: int) -> None:
    shares = shared(minutes, count)
    assert sum(each for each in shares if each is not None) == minutes
    assert {each - minutes // count for each in shares if each is not None} <= {0, 1}


STATE: dict[str, Any] = {
    "id": str(new_id()), "kind": "task", "status": "planned", "priority": "normal", "recurrence": None, "account_ids": [],
    "visit": None, "duration_minutes": None, "starts_at": "2026-03-02T00:00:00Z", "ends_at": None,
    "due_at": "2026-03-04T00:00:00Z", "done_at": None, "created_at": "2026-03-01T00:00:00Z", "opportunity_id": None,
    "ticket_id": None, "owner_id": None, "team_id": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "day", "until"),
    [
        ({}, 4, 4), ({"kind": "visit"}, 2, 4), ({"due_at": None}, 2, 2), ({"due_at": None, "starts_at": None}, 1, None),
        ({"kind": "visit", "due_at": None, "ends_at": "2026-03-03T00:00:00Z"}, 2, 3),
        ({"status": "done", "done_at": "2026-03-09T00:00:00Z"}, 9, 4), ({"recurrence": "FREQ=DAILY"}, 4, 4),
    ],
)  # fmt: skip
def test_an_activity_counts_when_it_was_done_else_when_it_is_meant_for(
    changes: dict[str, Any], day: int, until: int | None
) -> None:
    [piece] = activity_of(STATE | changes).values()
    assert piece["valid_at"].day == day
    assert (piece["until_at"] and piece["until_at"].day) == until


def test_a_rule_of_visits_is_no_visit() -> None:
    assert activity_of(STATE | {"kind": "visit", "recurrence": "FREQ=DAILY"}) == {}


def test_the_measures_are_named_in_both_languages() -> None:
    assert ALL
    assert all(MEASURES[name].labels["zh"] != MEASURES[name].labels["en"] for name in ALL)
    assert CUBES["activities"].labels["zh"]

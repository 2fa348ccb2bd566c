"""Cohorts, retention and its worth, lifecycle moves: against counts by hand over the same purchases."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from guanxi_analytics.facts.writing import write_facts
from guanxi_analytics.retention.worth_rules import Terms, worth
from guanxi_shared.db import Database
from tests.analytics.test_fits import Purchase, cdnow, customer, heard, named
from tests.factories import Clients, Organisation

COHORTS = "/v1/analytics/cohorts"
RETENTION = "/v1/analytics/retention"
LIFECYCLE = "/v1/analytics/lifecycle"
UNTIL = date(1998, 6, 30)


@pytest.fixture
async def purchases(organisation: Organisation, service_database: Database) -> list[Purchase]:
    found = [each for each in cdnow() if int(each[0]) % 4 == 0]
    await heard(service_database, organisation, found)
    await named(service_database, organisation, *{name for name, _, _ in found})
    return found


def by_hand(purchases: list[Purchase]) -> dict[tuple[int, int], set[str]]:
    """Customers by month of the first purchase and months since."""
    first: dict[str, date] = {}
    for name, on, _ in purchases:
        first[name] = min(on, first.get(name, on))
    found: dict[tuple[int, int], set[str]] = defaultdict(set)
    for name, on, _ in purchases:
        begun = first[name].year * 12 + first[name].month
        found[begun, on.year * 12 + on.month - begun].add(name)
    return found


async def test_cohorts_are_counted_by_hand(
    purchases: list[Purchase], organisation: Organisation, client: Clients
) -> None:
    asked = {"period": "month", "until": str(UNTIL)}
    told = (await client(organisation.admin).get(COHORTS, params=asked)).json()
    hand = by_hand(purchases)
    seen = {}
    for cohort in told["data"]:
        begun = date.fromisoformat(cohort["cohort"])
        for cell in cohort["periods"]:
            seen[begun.year * 12 + begun.month, cell["n"]] = cell["customers"]
            assert cell["is_whole"]
            assert cell["retention"]["n"] == cohort["customers"]
    assert {key: n for key, n in seen.items() if n} == {k: len(who) for k, who in hand.items()}
    revenue = sum(
        Decimal(m["amount"]) for c in told["data"] for p in c["periods"] for m in p["revenue"]
    )
    assert revenue == sum(amount for _, _, amount in purchases)
    [first] = [each for each in told["overall"] if each["n"] == 1]
    size = sum(len(who) for (_, n), who in hand.items() if n == 0)
    kept = sum(len(who) for (_, n), who in hand.items() if n == 1)
    assert (first["retention"]["count"], first["retention"]["n"]) == (kept, size)
    early = {"period": "quarter", "until": "1997-05-15"}
    told = (await client(organisation.admin).get(COHORTS, params=early)).json()
    assert [cell["is_whole"] for cell in told["data"][0]["periods"]] == [True, False]


async def test_cohorts_are_of_the_orders_that_are_seen_and_as_they_were(
    purchases: list[Purchase], organisation: Organisation, client: Clients, service_database: Database
) -> None:  # fmt: skip
    asked = {"until": str(UNTIL)}
    assert (await client(organisation.other_rep).get(COHORTS, params=asked)).json()["data"] == []
    admin = client(organisation.admin)
    before = (await admin.get(COHORTS, params=asked)).json()
    assert (await client(organisation.rep).get(COHORTS, params=asked)).json()["data"] == before[
        "data"
    ]
    late = datetime(2026, 2, 1, tzinfo=UTC)
    await heard(
        service_database,
        organisation,
        [("late", date(1997, 2, 1), Decimal(5))],
        at=late.isoformat(),
    )
    after = (await admin.get(COHORTS, params=asked)).json()
    assert after["data"][0]["customers"] == before["data"][0]["customers"] + 1
    past = (await admin.get(COHORTS, params={**asked, "as_of": "2026-01-31T00:00:00Z"})).json()
    assert past["data"] == before["data"]


async def test_retention_and_its_worth_are_the_textbooks(
    purchases: list[Purchase], organisation: Organisation, client: Clients
) -> None:
    middle, first = UNTIL - timedelta(days=365), UNTIL - timedelta(days=730)
    came = {n for n, on, _ in purchases if first < on <= middle}
    comes = {n for n, on, _ in purchases if middle < on <= UNTIL}
    asked = {"until": str(UNTIL), "currency": "USD", "acquisition_cost": "12", "retention_cost": "2"}  # fmt: skip
    told = (await client(organisation.admin).get(RETENTION, params=asked)).json()
    [usd] = told["data"]
    assert (usd["customers"], usd["kept"], usd["lost"]) == (
        len(came), len(came & comes), len(came - comes)
    )  # fmt: skip
    rate = len(came & comes) / len(came)
    yearly = float(sum(a for n, on, a in purchases if middle < on and n in came)) / usd["kept"]
    value = yearly * rate / (1.1 - rate)
    assert usd["of"] == "revenue"
    assert float(usd["yearly"]["amount"]) == pytest.approx(yearly, abs=0.01)
    assert float(usd["lifetime_value"]["amount"]) == pytest.approx(value, abs=0.01)
    better = yearly * (rate + 0.05) / (1.05 - rate)
    assert float(usd["worth_of_retention"]["amount"]) == pytest.approx(better - value, abs=0.01)
    gone = sum(a for n, on, a in purchases if on <= middle and n not in comes)
    assert Decimal(usd["lost_brought"]["amount"]) == gone
    assert usd["costs"]["times"] == 6
    assert float(usd["costs"]["new_customer_leaves"]["amount"]) == pytest.approx(value - 12, abs=0.01)  # fmt: skip
    assert (await client(organisation.other_rep).get(RETENTION)).json()["data"] == []


def test_below_the_floor_it_says_what_it_takes_and_margin_is_told_where_costs_are() -> None:
    sums = {
        f"{w}_{n}": Decimal(900) for w in ("amount", "margin") for n in ("brought", "lost", "kept")
    }
    row: dict[str, Any] = {"currency": "CNY", "customers": 29, "kept": 10, "lost": 19, "gained": 4, "is_costed": True, **sums}  # fmt: skip
    few = worth(row, Terms(0.1, 0.05, None, None))
    assert "takes 30 customers" in few["sentence"]
    assert few["lifetime_value"] is None
    # Gupta and Lehmann 2005: of a retention of 60% at 10%, 1.20 yearly margins.
    found = worth(row | {"customers": 50, "kept": 30}, Terms(0.1, 0.05, None, None))
    assert (found["of"], found["multiple"]) == ("margin", 1.2)
    assert found["lifetime_value"]["amount"] == "36.00"


async def test_moves_from_stage_to_stage_are_those_that_were_told(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    events = []
    for n in range(12):
        for version, stage in enumerate(("prospect", "active") if n < 9 else ("prospect",), 1):
            id = str(customer(organisation, f"stage{n}"))
            state = {
                "id": id, "name": id, "owner_id": str(organisation.rep.id), "team_id": None, "lifecycle_stage": stage
            }  # fmt: skip
            events.append(
                {
                    "organisation_id": str(organisation.id), "type": "contacts.account.updated", "subject_type": "account",
                    "subject_id": id, "version": version, "before": None, "after": state,
                    "occurred_at": f"2026-0{version}-01T00:00:00+00:00",
                }
            )  # fmt: skip
    async with service_database.transaction(organisation.id) as connection:
        await write_facts(connection, organisation.id, "contacts", events)
    asked = {"from": "2026-01-15", "until": "2026-03-01"}
    told = (await client(organisation.admin).get(LIFECYCLE, params=asked)).json()
    assert told["stages"] == [
        {"stage": "active", "customers": 9}, {"stage": "prospect", "customers": 3}
    ]  # fmt: skip
    [move] = told["moves"]
    assert (move["from"], move["to"], move["customers"]) == ("prospect", "active", 9)
    assert (move["rate"]["count"], move["rate"]["n"], move["rate"]["share"]) == (9, 12, 0.75)
    assert (await client(organisation.other_rep).get(LIFECYCLE, params=asked)).json()["moves"] == []


@pytest.mark.parametrize(
    ("path", "asked", "field"),
    [
        (COHORTS, {"period": "week"}, "period"), (COHORTS, {"until": "soon"}, "until"), (COHORTS, {"as_of": "x"}, "as_of"),
        (RETENTION, {"retention_cost": "2"}, "retention_cost"), (RETENTION, {"discount": "0"}, "discount"),
        (RETENTION, {"points": "-1"}, "points"), (LIFECYCLE, {"from": "2026-01-02", "until": "2026-01-02"}, "until"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    client: Clients, organisation: Organisation, path: str, asked: dict[str, str], field: str
) -> None:
    answer = await client(organisation.admin).get(path, params=asked)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()["errors"]) == [field]

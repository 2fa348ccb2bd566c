"""The value matrix of real purchases: cuts, quadrants, moves, pages, and who sees it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from guanxi_shared.db import Database
from tests.analytics.test_fits import Purchase, cdnow, fit, heard, named
from tests.factories import Clients, Organisation

MATRIX = "/v1/analytics/value-matrix"
CUSTOMERS = "/v1/analytics/customers"
ROWS = "SELECT * FROM customer_outlooks WHERE organisation_id = $1 ORDER BY customer_id"


@pytest.fixture
async def company(
    organisation: Organisation, client: Clients, service_database: Database
) -> Organisation:
    """A quarter of CDNOW's customers, each with an account of `rep`, fitted until 1997-09-30."""
    purchases: list[Purchase] = [each for each in cdnow() if int(each[0]) % 4 == 0]
    await heard(service_database, organisation, purchases)
    await named(service_database, organisation, *{name for name, _, _ in purchases})
    await fit(service_database, organisation, client(organisation.admin), until="1997-09-30")
    return organisation


async def pages(client: httpx.AsyncClient, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await client.get(CUSTOMERS, params={"currency": "USD", "cursor": cursor, **asked})
        assert answer.status_code == 200, answer.text
        found += answer.json()["data"]
        cursor = answer.json()["page"]["next_cursor"]
        if cursor is None:
            return found


async def test_quadrants_follow_from_the_cuts(
    company: Organisation, client: Clients, service_database: Database
) -> None:
    [matrix] = (await client(company.admin).get(MATRIX)).json()["data"]
    async with service_database.transaction(company.id) as connection:
        rows = [dict(row) for row in await connection.fetch(ROWS, company.id)]
    present, potential = (Decimal(matrix["cuts"][n]["amount"]) for n in ("present", "potential"))
    ordered = sorted(row["value"] for row in rows)
    assert sum(value < potential for value in ordered) / len(rows) == pytest.approx(2 / 3, abs=0.01)
    counted: dict[str, list[Any]] = {}
    for row in rows:
        is_present, is_potential = row["present"] >= present, row["value"] >= potential
        if row["value_low"] < potential <= row["value_high"]:
            expected = "uncertain"
        elif is_potential:
            expected = "protect" if is_present else "grow"
        else:
            expected = "harvest" if is_present else "maintain"
        assert row["quadrant"] == expected, row
        counted.setdefault(expected, []).append(row)
    for shown in matrix["quadrants"]:
        own = counted.get(shown["quadrant"], [])
        assert shown["customers"] == len(own)
        assert Decimal(shown["present"]["amount"]) == sum(row["present"] for row in own)
    assert len(counted) >= 3


ORDERED: dict[str, Callable[[dict[str, Any]], float]] = {
    "at_risk": lambda c: -float(c["at_risk"]["amount"]),
    "potential": lambda c: -float(c["potential"]["amount"]),
    "present": lambda c: -float(c["present"]["amount"]),
    "silent_intervals": lambda c: -(c["silent_intervals"] or 0),
    "alive": lambda c: c["alive"],
}


async def test_pages_hold_everybody_once_in_order(company: Organisation, client: Clients) -> None:
    for sort, key in ORDERED.items():
        found = await pages(client(company.admin), sort=sort, limit=97)
        assert len({each["account_id"] for each in found}) == len(found) > 500
        values = [key(each) for each in found]
        assert values == sorted(values), sort


async def test_moves_are_kept(
    company: Organisation, client: Clients, service_database: Database
) -> None:
    admin = client(company.admin)
    before = {each["account_id"]: each for each in await pages(admin, limit=200)}
    assert all(each["before"] is None for each in before.values())
    await fit(service_database, company, admin, until="1998-06-30")
    after = {each["account_id"]: each for each in await pages(admin, limit=200)}
    moved = {id for id, each in after.items() if each["quadrant"] != before[id]["quadrant"]}
    assert moved
    for id, each in after.items():
        if id in moved:
            assert each["before"] == before[id]["quadrant"]
            assert each["moved_at"] > before[id]["moved_at"]
        else:
            assert each["moved_at"] == before[id]["moved_at"]


async def test_only_those_who_see_the_accounts_see_them(
    company: Organisation, client: Clients, other_organisation: Organisation
) -> None:
    [matrix] = (await client(company.other_rep).get(MATRIX)).json()["data"]
    assert {each["customers"] for each in matrix["quadrants"]} == {0}
    assert await pages(client(company.other_rep)) == []
    assert (await client(other_organisation.admin).get(MATRIX)).json()["data"] == []
    rep = await pages(client(company.rep), limit=200)
    assert len(rep) > 500
    assert {each["potential"] for each in rep} == {None}  # sums are for those who see all orders


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"currency": "XXQ"}, "currency"), ({"quadrant": "stars"}, "quadrant"), ({"sort": "name"}, "sort"),
        ({"limit": "0"}, "limit"), ({"limit": "many"}, "limit"), ({"cursor": "abc"}, "cursor"), ({"page": "2"}, "page"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    client: Clients, organisation: Organisation, asked: dict[str, str], field: str
) -> None:
    answer = await client(organisation.admin).get(CUSTOMERS, params=asked)
    assert answer.status_code == 400, answer.text
    assert field in answer.json()["errors"]

"""Referrals: the share of new accounts that came by others, and who brought them, through chains and circles."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_analytics.referrals.chain_rules import Came, came_by
from tests.analytics.asking import account_made, money, sold
from tests.analytics.conftest import Hear
from tests.factories import Clients, Organisation

PATH = "/v1/analytics/referrals"
TODAY = datetime.now(UTC).date()
YESTERDAY = str(TODAY - timedelta(days=1))
SUMS = st.dictionaries(st.sampled_from(["CNY", "EUR"]), st.decimals(-99, 99, places=2), max_size=2)


@st.composite
def forests(draw: st.DrawFn) -> tuple[dict[int, int], dict[int, dict[str, Decimal]]]:
    """Anybody may have been referred by anybody, themselves included; some of them count."""
    size = draw(st.integers(1, 25))
    people = st.integers(0, size - 1)
    return draw(st.dictionaries(people, people)), draw(st.dictionaries(people, SUMS))


def by_walking(
    referrer_of: Mapping[Any, Any], counted: Mapping[Any, Mapping[str, Decimal]]
) -> dict[Any, Came]:
    """Upwards from each who counts, until there is nobody or somebody comes again."""
    came: dict[Any, Came] = {}
    for one, revenue in counted.items():
        met, steps, by = {one}, 0, referrer_of.get(one)
        while by is not None and by not in met:
            met.add(by)
            steps += 1
            found = came.setdefault(by, Came())
            found.direct += steps == 1
            found.accounts += 1
            found.depth = max(found.depth, steps)
            found.add(revenue)
            by = referrer_of.get(by)
    return came


def figures(came: dict[int, Came]) -> dict[int, Any]:
    return {
        by: (c.direct, c.through, c.depth, {name: sum for name, sum in c.revenue.items() if sum})
        for by, c in came.items()
    }


@given(forests())
def test_chains_are_what_walking_up_from_everybody_finds(
    forest: tuple[dict[int, int], dict[int, dict[str, Decimal]]],
) -> None:
    assert figures(came_by(*forest)) == figures(by_walking(*forest))


@given(st.integers(2, 12), st.data())
def test_of_a_circle_everybody_came_by_everybody_else(size: int, data: st.DataObject) -> None:
    circle = {n: (n + 1) % size for n in range(size)} | {
        100 + n: data.draw(st.integers(0, size - 1)) for n in range(3)
    }
    counted = data.draw(st.dictionaries(st.sampled_from(sorted(circle)), SUMS))
    assert figures(came_by(circle, counted)) == figures(by_walking(circle, counted))


def test_a_long_chain_takes_no_longer_than_it_is_long() -> None:
    length = 200_000
    chain = {n: n - 1 for n in range(1, length)} | {0: length - 1}
    found = came_by(chain, {n: {} for n in range(length)})
    assert {(came.direct, came.accounts, came.depth) for came in found.values()} == {(1, length - 1, length - 1)}  # fmt: skip


@pytest.fixture
async def brought(
    everywhere: Organisation, sales: Clients, customers: Clients, hear: Hear
) -> dict[str, str]:
    """Acme brought Ben, Ben brought Cid and Dot, and nine came by themselves; Eve, whom Dot brought, is another one's."""
    people, seller = customers(everywhere.rep), sales(everywhere.rep)
    ids: dict[str, str] = {}
    for name, by in (("Acme", None), ("Ben", "Acme"), ("Cid", "Ben"), ("Dot", "Ben")):
        more = {} if by is None else {"referred_by_id": ids[by]}
        ids[name] = await account_made(people, seller, name, **more)
    for n in range(8):
        ids[f"Own {n}"] = await account_made(people, seller, f"Own {n}")
    eve = {"referred_by_id": ids["Dot"], "owner_id": str(everywhere.other_rep.id)}
    ids["Eve"] = await account_made(customers(everywhere.admin), seller, "Eve", **eve)
    await sold(seller, ids["Ben"], YESTERDAY, "100.00")
    await sold(seller, ids["Cid"], YESTERDAY, "20.00")
    await sold(seller, ids["Own 0"], YESTERDAY, "80.00")
    await hear()
    return ids


async def test_who_brought_whom_and_what_that_was_worth(
    brought: dict[str, str], everywhere: Organisation, client: Clients
) -> None:
    admin = client(everywhere.admin)
    answer = await admin.get(PATH)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["new_accounts"], found["referred_accounts"]) == (13, 4)
    share = found["share"]
    assert (share["count"], share["n"], share["share"]) == (4, 13, 0.3077)
    assert 0.12 < share["low"] < 0.13
    assert 0.57 < share["high"] < 0.58
    assert found["revenue"] == [
        {"currency": "CNY", "of_new": money("200.00"), "of_referred": money("120.00"), "share": 0.6}
    ]
    told = [(each["name"], each["direct"], each["through"], each["depth"], each["revenue"]) for each in found["referrers"]]  # fmt: skip
    assert told == [
        ("Acme", 1, 3, 3, [money("120.00")]), ("Ben", 2, 1, 2, [money("20.00")]), ("Dot", 1, 0, 1, []),
    ]  # fmt: skip
    assert (found["referrer_count"], found["longest_chain"]) == (3, 3)
    for records, names in ((found["records"], {"Ben", "Cid", "Dot", "Eve"}), (found["referrers"][1]["records"], {"Cid", "Dot"})):  # fmt: skip
        rows = (await admin.post(records["path"], json=records["body"])).json()["data"]
        assert {row["name"] for row in rows} == names


async def test_people_are_told_of_the_accounts_and_orders_that_they_see(
    brought: dict[str, str], everywhere: Organisation, client: Clients
) -> None:
    own = (await client(everywhere.rep).get(PATH)).json()
    assert [each["name"] for each in own["referrers"]] == ["Acme", "Ben"]
    assert (own["new_accounts"], own["referred_accounts"]) == (12, 3)
    others = (await client(everywhere.other_rep).get(PATH)).json()
    assert (others["new_accounts"], others["referred_accounts"]) == (1, 1)
    assert (others["share"], others["revenue"], others["referrers"]) == (None, [], [])
    for missing in ("accounts:read", "orders:read"):
        kept = {"analytics:read", "accounts:read", "orders:read"} - {missing}
        blind = everywhere.rep.but(permissions=tuple(kept))
        assert (await client(blind).get(PATH)).status_code == 403


async def test_referrals_are_of_a_period_and_as_of_a_moment(
    brought: dict[str, str],
    everywhere: Organisation,
    customers: Clients,
    client: Clients,
    hear: Hear,
) -> None:
    """Who changed their mind about who had brought them had said otherwise before."""
    moment, admin = datetime.now(UTC).isoformat(), client(everywhere.admin)
    nobody = {"referred_by_id": None}
    answer = await customers(everywhere.admin).patch(f"/v1/accounts/{brought['Dot']}", json=nobody)
    assert answer.status_code == 200, answer.text
    await hear()
    now = (await admin.get(PATH)).json()
    assert now["referred_accounts"] == 3
    assert {each["name"]: each["through"] for each in now["referrers"]} == {"Acme": 1, "Ben": 0, "Dot": 0}  # fmt: skip
    then = (await admin.get(PATH, params={"as_of": moment})).json()
    assert then["referred_accounts"] == 4
    records = then["referrers"][1]["records"]
    rows = (await admin.post(records["path"], json=records["body"])).json()["data"]
    assert {row["name"] for row in rows} == {"Cid", "Dot"}
    past = (await admin.get(PATH, params={"from": "2001-01-01", "until": "2002-01-01"})).json()
    assert (past["new_accounts"], past["referrers"], past["longest_chain"]) == (0, [], 0)
    first = (await admin.get(PATH, params={"limit": 1})).json()
    assert [each["name"] for each in first["referrers"]] == ["Acme"]
    assert first["referrer_count"] == 3


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"from": "2026-02-01", "until": "2026-01-01"}, "until"), ({"limit": "0"}, "limit"), ({"as_of": "soon"}, "as_of"),
        ({"until": "never"}, "until"), ({"depth": "3"}, "depth"), ({"format": "pdf"}, "format"),
    ],
)  # fmt: skip
async def test_what_is_asked_wrongly_is_named(
    organisation: Organisation, client: Clients, sent: dict[str, str], named: str
) -> None:
    answer = await client(organisation.admin).get(PATH, params=sent)
    assert answer.status_code in (400, 422)
    assert named in answer.text


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_referrers_come_as_a_picture(
    brought: dict[str, str], everywhere: Organisation, client: Clients, language: str
) -> None:
    admin = client(everywhere.admin)
    drawn = await admin.get(PATH, params={"language": language}, headers={"accept": "image/svg+xml"})  # fmt: skip
    assert drawn.status_code == 200, drawn.text
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    png = await admin.get(PATH, params={"language": language, "format": "png"})
    assert png.content.startswith(b"\x89PNG")


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_the_ends_of_the_calendar_have_a_picture_too(
    organisation: Organisation, client: Clients, at: str
) -> None:
    for zone in ("Asia/Shanghai", "America/New_York"):
        reader = client(organisation.admin.but(time_zone=zone))
        answer = await reader.get(PATH, params={"as_of": at, "format": "svg"})
        assert answer.status_code == 200, answer.text

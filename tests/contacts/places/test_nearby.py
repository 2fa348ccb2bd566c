"""Accounts around a point, held against measuring every one of them."""

import random
from typing import Any
from uuid import UUID

import pytest

from guanxi_contacts.places.rules import Point, distance_m
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation, User

PATH = "/v1/accounts/nearby"
BEIJING = Point(39.9042, 116.4074)
INSERT = """
INSERT INTO accounts (organisation_id, id, name, latitude, longitude, owner_id, grade)
SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::float8[], $5::float8[], $6::uuid[], $7::text[])
"""
Placed = dict[str, tuple[Point, UUID]]


async def placed(
    database: Database, organisation: Organisation, points: list[Point], owners: list[User]
) -> Placed:
    """Accounts at these points, the owners taking turns; by id."""
    found = {str(new_id()): (p, owners[i % len(owners)].id) for i, p in enumerate(points)}
    async with database.transaction(organisation.id) as connection:
        await connection.execute(
            INSERT, organisation.id, list(found), [f"Account {n}" for n in range(len(found))],
            [p.latitude for p, _ in found.values()], [p.longitude for p, _ in found.values()],
            [owner for _, owner in found.values()], ["AB"[n % 2] for n in range(len(found))],
        )  # fmt: skip
    return found


async def nearby(client: Clients, user: User, centre: Point, radius: float, **asked: Any) -> Any:
    answer = await client(user).get(
        PATH,
        params={"lat": centre.latitude, "lon": centre.longitude, "radius_m": radius, **asked},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def all_nearby(
    client: Clients, user: User, centre: Point, radius: float, **asked: Any
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while True:
        found = await nearby(client, user, centre, radius, **asked)
        rows += found["data"]
        if not found["page"]["has_more"]:
            return rows
        asked["cursor"] = found["page"]["next_cursor"]


def around(dice: random.Random, centre: Point, spread: float) -> Point:
    latitude = max(-90.0, min(90.0, centre.latitude + dice.gauss(0, spread)))
    longitude = (centre.longitude + dice.gauss(0, spread) + 180) % 360 - 180
    return Point(latitude, longitude)


@pytest.mark.parametrize(
    "centre",
    [BEIJING, Point(-17.0, 179.97), Point(65.0, -180.0), Point(89.9, 30.0), Point(-90.0, 0.0), Point(0.0, 0.0)],
    ids=str,
)  # fmt: skip
async def test_what_is_found_is_what_measuring_every_account_finds(
    client: Clients, organisation: Organisation, service_database: Database, centre: Point
) -> None:
    dice = random.Random(repr(centre))
    points = [around(dice, centre, spread) for spread in (0.005, 0.5, 30.0) for _ in range(40)]
    points += [Point(centre.latitude, 180.0), Point(centre.latitude, -180.0), centre]
    stored = await placed(service_database, organisation, points, [organisation.rep])
    for radius in (1.0, 900.0, 60_000.0, 3_000_000.0, 20_000_000.0):
        expected = sorted(
            (distance_m(centre, point), id)
            for id, (point, _) in stored.items()
            if distance_m(centre, point) <= radius
        )
        rows = await all_nearby(client, organisation.rep, centre, radius, limit=25)
        assert {row["id"] for row in rows} == {id for _, id in expected}
        assert len(rows) == len(expected)
        assert [row["distance_m"] for row in rows] == pytest.approx(
            [distance for distance, _ in expected], abs=0.2
        )


async def test_only_visible_accounts_are_near(
    client: Clients, organisation: Organisation, other_organisation: Organisation,
    service_database: Database,
) -> None:  # fmt: skip
    dice = random.Random(3)
    points = [around(dice, BEIJING, 0.01) for _ in range(60)]
    owners = [organisation.rep, organisation.rep2, organisation.junior, organisation.other_rep]
    stored = await placed(service_database, organisation, points, owners)
    hidden = await placed(service_database, other_organisation, points, [other_organisation.rep])
    for user, seen in (
        (organisation.rep, owners[:1]), (organisation.manager, owners[:3]),
        (organisation.admin, owners),
    ):  # fmt: skip
        ids = {u.id for u in seen}
        rows = await all_nearby(client, user, BEIJING, 50_000, limit=7)
        assert {row["id"] for row in rows} == {
            i for i, (_, owner) in stored.items() if owner in ids
        }
        assert not {row["id"] for row in rows} & set(hidden)


async def test_it_is_filtered_like_a_list_and_shows_the_fields_asked_for(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    await placed(service_database, organisation, [BEIJING] * 6, [organisation.rep])
    found = await nearby(
        client, organisation.rep, BEIJING, 10, grade="A", fields="name", **{"grade[in]": "A,B"}
    )
    assert [sorted(row) for row in found["data"]] == [["distance_m", "id", "name"]] * 3
    deleted = found["data"][0]["id"]
    assert (await client(organisation.rep).delete(f"/v1/accounts/{deleted}")).status_code == 200
    assert len((await nearby(client, organisation.rep, BEIJING, 10))["data"]) == 5


async def test_an_account_is_near_as_soon_as_an_address_of_it_has_a_position(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    account = (await rep.post("/v1/accounts", json={"name": "Acme", "tags": ["a"]})).json()
    assert (await nearby(client, organisation.rep, BEIJING, 1000))["data"] == []
    address = {"latitude": BEIJING.latitude, "longitude": BEIJING.longitude}
    changed = await rep.patch(f"/v1/accounts/{account['id']}", json={"addresses": [address]})
    found = await nearby(client, organisation.rep, BEIJING, 1000)
    assert found["data"] == [{**changed.json(), "distance_m": 0.0}]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"lat": None}, "lat"), ({"lon": None}, "lon"), ({"lat": "91"}, "lat"), ({"lat": "x"}, "lat"),
        ({"lon": "-180.1"}, "lon"), ({"lon": "nan"}, "lon"), ({"radius_m": "0"}, "radius_m"),
        ({"radius_m": "inf"}, "radius_m"), ({"radius_m": "1e9"}, "radius_m"), ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"), ({"cursor": "x"}, "cursor"), ({"sort": "name"}, "sort"),
        ({"q": "x"}, "q"), ({"nonsense": "1"}, "nonsense"), ({"grade[gtx]": "A"}, "grade"),
    ],
)  # fmt: skip
async def test_a_bad_parameter_is_named(
    client: Clients, organisation: Organisation, changed: dict[str, str | None], named: str
) -> None:
    asked = {"lat": "39.9", "lon": "116.4", "radius_m": "500", **changed}
    kept = {name: value for name, value in asked.items() if value is not None}
    answer = await client(organisation.rep).get(PATH, params=kept)
    assert answer.status_code == 400, answer.text
    assert named in answer.json()["errors"]


async def test_a_cursor_belongs_to_its_circle(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    await placed(service_database, organisation, [BEIJING] * 3, [organisation.rep])
    found = await nearby(client, organisation.rep, BEIJING, 100, limit=2)
    answer = await client(organisation.rep).get(
        PATH,
        params={"lat": 39.0, "lon": 116.0, "radius_m": 100, "cursor": found["page"]["next_cursor"]},
    )
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_cursor"


async def test_accounts_of_a_segment_around_a_point(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    admin = organisation.admin
    points = await placed(service_database, organisation, [BEIJING] * 3, [admin])
    chosen = sorted(points)[:2]
    asked = {"name": "round trip", "resource": "accounts", "kind": "frozen"}
    segment = (await client(admin).post("/v1/segments", json=asked)).json()["id"]
    added = await client(admin).post(f"/v1/segments/{segment}/members", json={"add": chosen})
    assert added.status_code == 200, added.text
    found = await all_nearby(client, admin, BEIJING, 1_000, segment_id=segment, limit=1)
    assert [row["id"] for row in found] == chosen
    unknown = {"lat": 39.9, "lon": 116.4, "segment_id": str(new_id())}
    refused = await client(admin).get(PATH, params=unknown)
    known = await client(admin).get("/v1/accounts", params={"segment_id": unknown["segment_id"]})
    assert refused.status_code == known.status_code == 400
    assert refused.json()["errors"] == known.json()["errors"]

"""A route over HTTP: accounts and places, what is not on the map, what one may not see."""

from typing import Any

import pytest

from guanxi_contacts.places.rules import Point, distance_m
from tests.factories import Clients, Organisation, User

PATH = "/v1/accounts/route"


async def account_at(client: Clients, user: User, longitude: float | None) -> str:
    place = {} if longitude is None else {"latitude": 39.9, "longitude": longitude}
    sent = {"name": f"at {longitude}", "addresses": [{"city": "北京", **place}]}
    answer = await client(user).post("/v1/accounts", json=sent)
    assert answer.status_code == 201, answer.text
    id: str = answer.json()["id"]
    return id


async def test_accounts_and_places_come_in_a_sensible_order_with_distances(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    far, near = await account_at(client, rep, 116.6), await account_at(client, rep, 116.4)
    nowhere = await account_at(client, rep, None)
    stops = [
        {"account_id": far}, {"account_id": nowhere}, {"account_id": near},
        {"latitude": 39.9, "longitude": 116.5, "name": "lunch"},
    ]  # fmt: skip
    start = {"latitude": 39.9, "longitude": 116.3}
    answer = await client(rep).post(PATH, json={"stops": stops, "start": start, "end": start})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [(s["index"], s["name"]) for s in found["stops"]] in (
        [(2, "at 116.4"), (3, "lunch"), (0, "at 116.6")],
        [(0, "at 116.6"), (3, "lunch"), (2, "at 116.4")],
    )
    assert found["unplaced"] == [
        {"index": 1, "account_id": nowhere, "name": "at None",
         "reason": "No address has a position.", "activity_id": None}
    ]  # fmt: skip
    legs = [stop["leg_m"] for stop in found["stops"]]
    assert found["total_m"] == pytest.approx(sum(legs) + found["last_leg_m"], abs=1)
    assert found["stops"][-1]["travelled_m"] == pytest.approx(sum(legs), abs=1)
    there = distance_m(Point(39.9, 116.3), Point(39.9, 116.6))
    assert found["total_m"] == pytest.approx(2 * there, abs=1)
    assert found["given_total_m"] >= found["total_m"]


async def test_an_account_that_one_may_not_see_is_not_there(
    client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    hidden = await account_at(client, organisation.rep, 116.4)
    sent = {"stops": [{"latitude": 0, "longitude": 0}, {"account_id": hidden}]}
    for user in (organisation.rep2, other_organisation.admin):
        answer = await client(user).post(PATH, json=sent)
        assert answer.status_code == 422
        assert "stops.1.account_id" in answer.json()["errors"]
        assert "116.4" not in answer.text
    assert (await client(organisation.manager).post(PATH, json=sent)).status_code == 200


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"stops": []}, "stops"),
        ({"stops": [{"latitude": 1, "longitude": 1}] * 51}, "stops"),
        ({"stops": [{}]}, "stops.0"),
        ({"stops": [{"latitude": 1}]}, "stops.0"),
        ({"stops": [{"latitude": 91, "longitude": 1}]}, "stops.0.latitude"),
        ({"stops": [{"latitude": 1, "longitude": 1, "at": "2026-11-23T08:00:00"}]}, "stops.0.at"),
        ({"stops": [{"latitude": 1, "longitude": 1}], "start": {"latitude": 1}}, "start.longitude"),
    ],
)
async def test_a_bad_stop_is_named(
    client: Clients, organisation: Organisation, sent: dict[str, Any], field: str
) -> None:
    answer = await client(organisation.rep).post(PATH, json=sent)
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["errors"]

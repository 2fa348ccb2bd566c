"""The way through somebody's visits of a day."""

from typing import Any

import pytest

from tests.factories import Clients, Organisation, User

PATH = "/v1/calendar/route"
DAY = "2026-12-01"  # in Asia/Shanghai from 2026-11-30T16:00Z


async def a_visit(client: Clients, user: User, longitude: float | None, **fields: Any) -> str:
    place = {} if longitude is None else {"latitude": 39.9, "longitude": longitude}
    account = await client(user).post("/v1/accounts", json={"name": "x", "addresses": [place]})
    sent = {
        "kind": "visit", "subject": f"at {longitude}", "account_ids": [account.json()["id"]], **fields,
    }  # fmt: skip
    answer = await client(user).post("/v1/activities", json=sent)
    assert answer.status_code == 201, answer.text
    id: str = answer.json()["id"]
    return id


async def route(client: Clients, user: User, **asked: Any) -> Any:
    answer = await client(user).get(PATH, params={"day": DAY, **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(found: dict[str, Any]) -> list[str]:
    return [stop["name"] for stop in found["stops"]]


async def test_appointments_keep_their_times_and_the_others_are_put_on_the_way(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    await a_visit(client, rep, 116.6, starts_at="2026-12-01T01:00:00Z")
    await a_visit(client, rep, 116.3, starts_at="2026-12-01T03:00:00Z")
    free = await a_visit(client, rep, 116.5, due_at="2026-12-01T09:00:00Z")
    await a_visit(client, rep, None, starts_at="2026-12-01T05:00:00Z")
    found = await route(client, rep)
    assert names(found) == ["at 116.6", "at 116.5", "at 116.3"]
    assert [stop["index"] for stop in found["stops"]] == [0, 3, 1]
    assert found["stops"][1]["activity_id"] == free
    assert [each["name"] for each in found["unplaced"]] == ["at None"]
    assert found["total_m"] < found["given_total_m"]
    start = {"start_lat": 39.9, "start_lon": 116.2}
    shortest = await route(client, rep, keep_times="false", **start)
    assert names(shortest) == ["at 116.3", "at 116.5", "at 116.6"]
    assert shortest["stops"][0]["leg_m"] > 0


async def test_the_day_is_the_callers_and_holds_what_takes_place_on_it(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    await a_visit(client, rep, 116.1, starts_at="2026-11-30T15:59:00Z")
    await a_visit(client, rep, 116.2, starts_at="2026-11-30T16:00:00Z")
    await a_visit(client, rep, 116.3, starts_at="2026-12-01T15:59:00Z")
    await a_visit(client, rep, 116.4, starts_at="2026-12-01T16:00:00Z")
    await a_visit(client, rep, 116.5, starts_at="2026-12-01T02:00:00Z", status="cancelled")
    await a_visit(client, rep, 116.6, starts_at="2026-12-01T02:00:00Z", kind="call")
    assert names(await route(client, rep)) == ["at 116.2", "at 116.3"]


async def test_a_weekly_visit_is_on_its_days(client: Clients, organisation: Organisation) -> None:
    rep = organisation.rep
    weekly = {"starts_at": "2026-11-24T02:00:00Z", "ends_at": "2026-11-24T03:00:00Z"}
    await a_visit(client, rep, 116.2, recurrence="FREQ=WEEKLY", **weekly)
    left_out = {
        "starts_at": "2026-11-24T04:00:00Z", "ends_at": "2026-11-24T05:00:00Z",
        "exdates": ["2026-12-01T04:00:00Z"],
    }  # fmt: skip
    await a_visit(client, rep, 116.3, recurrence="FREQ=WEEKLY", **left_out)
    found = await route(client, rep)
    (stop,) = found["stops"]
    assert stop["at"] == stop["recurrence_id"] == "2026-12-01T02:00:00Z"
    here = {"latitude": 39.9, "longitude": 116.2, "recurrence_id": stop["recurrence_id"]}
    for step in ("check-in", "check-in", "check-out"):
        one = f"/v1/activities/{stop['activity_id']}/{step}"
        arrived = await client(rep).post(one, json=here)
        assert arrived.status_code == 200, arrived.text
    assert arrived.json()["series_id"] == stop["activity_id"]
    again = await route(client, rep)
    assert [s["activity_id"] for s in again["stops"]] == [arrived.json()["id"]]
    assert names(await route(client, rep, open_only="true")) == []
    assert names(await route(client, rep, day="2026-12-02")) == []


async def test_visits_that_were_arrived_at_can_be_left_out(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    one = await a_visit(client, rep, 116.2, starts_at="2026-12-01T01:00:00Z")
    await a_visit(client, rep, 116.3, starts_at="2026-12-01T02:00:00Z")
    here = {"latitude": 39.9, "longitude": 116.2}
    arrived = await client(rep).post(f"/v1/activities/{one}/check-in", json=here)
    assert arrived.status_code == 200
    assert names(await route(client, rep)) == ["at 116.2", "at 116.3"]
    assert names(await route(client, rep, open_only="true")) == ["at 116.3"]


async def test_a_day_of_somebody_else_holds_what_one_sees_of_it(
    client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    await a_visit(client, organisation.rep, 116.2, starts_at="2026-12-01T01:00:00Z")
    theirs = {"user_id": str(organisation.rep.id)}
    assert names(await route(client, organisation.manager, **theirs)) == ["at 116.2"]
    assert names(await route(client, organisation.rep2, **theirs)) == []
    stranger = await client(other_organisation.admin).get(PATH, params={"day": DAY, **theirs})
    assert stranger.status_code == 404


async def test_a_day_with_too_many_visits_is_refused(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    data = {
        "kind": "visit",
        "subject": "x",
        "starts_at": "2026-12-01T01:00:00Z",
        "latitude": 1,
        "longitude": 1,
    }
    operations = [{"op": "create", "data": data} for _ in range(51)]
    made = await rep.post("/v1/activities/batch", json={"operations": operations})
    assert made.json()["succeeded"] == 51, made.text
    answer = await rep.get(PATH, params={"day": DAY})
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_stops")


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"day": "x"}, "day"), ({"day": "20261201"}, "day"), ({"day": "0001-01-01"}, "day"),
        ({"user_id": "x"}, "user_id"), ({"start_lat": "1"}, "start_lon"), ({"end_lon": "1"}, "end_lat"),
        ({"start_lat": "91", "start_lon": "1"}, "start_lat"), ({"keep_times": "yes"}, "keep_times"),
        ({"open_only": ""}, "open_only"), ({"nonsense": "1"}, "nonsense"),
    ],
)  # fmt: skip
async def test_a_bad_parameter_is_named(
    client: Clients, organisation: Organisation, asked: dict[str, str], named: str
) -> None:
    answer = await client(organisation.rep).get(PATH, params=asked)
    assert answer.status_code == 400, answer.text
    assert named in answer.json()["errors"]

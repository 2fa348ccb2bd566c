"""The calendar: clashes at save, series and what differs in them, free/busy."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.contacts.activities.booking import PATH, created
from tests.factories import Clients, Organisation, User

CALENDAR = "/v1/calendar"
DECEMBER = {"from": "2026-12-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}
NINE = {"starts_at": "2026-12-01T09:00:00Z", "ends_at": "2026-12-01T10:00:00Z"}
HALF_PAST = {"starts_at": "2026-12-01T09:30:00Z", "ends_at": "2026-12-01T10:30:00Z"}
WEEKLY = {
    "kind": "meeting", "subject": "Jour fixe", "starts_at": "2026-03-23T08:00:00Z",
    "ends_at": "2026-03-23T09:00:00Z", "recurrence": "FREQ=WEEKLY;COUNT=4", "time_zone": "Europe/Berlin",
}  # fmt: skip


async def meeting(client: Clients, user: User, **fields: Any) -> dict[str, Any]:
    return await created(client, user, **{"kind": "meeting", "subject": "密谈", **NINE, **fields})


async def shown(client: Clients, user: User, **params: str) -> list[dict[str, Any]]:
    answer = await client(user).get(CALENDAR, params={**DECEMBER, **params})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["data"]
    return items


async def test_a_second_meeting_at_one_time_is_refused_with_what_is_there(
    client: Clients, organisation: Organisation
) -> None:
    first = await meeting(client, organisation.rep)
    rep = client(organisation.rep)
    sent = {"kind": "call", "subject": "x", **HALF_PAST}
    answer = await rep.post(PATH, json=sent)
    assert answer.status_code == 409, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "calendar_conflict"
    assert problem["conflicts"] == [
        {"id": first["id"], "subject": "密谈", **NINE, "user_ids": [str(organisation.rep.id)]}
    ]
    allowed = await rep.post(PATH, json=sent, params={"allow_conflict": "true"})
    assert allowed.status_code == 201
    assert (await rep.post(PATH, json=sent, params={"allow_conflict": "1"})).status_code == 400
    # What stands may be changed otherwise; what comes next to it is no clash.
    other = await rep.patch(f"{PATH}/{allowed.json()['id']}", json={"subject": "y"})
    assert other.status_code == 200
    later = {"starts_at": "2026-12-01T10:30:00Z", "ends_at": "2026-12-01T11:00:00Z"}
    assert (await rep.post(PATH, json={**sent, **later})).status_code == 201


@pytest.mark.parametrize(
    "other",
    [{"kind": "task", "subject": "x"}, {"kind": "meeting", "status": "done"},
     {"kind": "meeting", "status": "cancelled"}, {"kind": "email", "status": "planned"}],
)  # fmt: skip
async def test_only_planned_calls_visits_and_meetings_take_time(
    client: Clients, organisation: Organisation, other: dict[str, Any]
) -> None:
    await meeting(client, organisation.rep)
    await meeting(client, organisation.rep, **other, **HALF_PAST)


async def test_moving_reopening_and_restoring_are_checked_too(
    client: Clients, organisation: Organisation
) -> None:
    later = await meeting(
        client, organisation.rep, starts_at="2026-12-01T12:00:00Z", ends_at="2026-12-01T13:00:00Z"
    )
    gone = await meeting(client, organisation.rep, status="cancelled")
    deleted = await meeting(client, organisation.rep)
    rep = client(organisation.rep)
    await rep.delete(f"{PATH}/{deleted['id']}")
    await meeting(client, organisation.rep)
    for answer in (
        await rep.patch(f"{PATH}/{later['id']}", json=HALF_PAST),
        await rep.patch(f"{PATH}/{gone['id']}", json={"status": "planned"}),
        await rep.post(f"{PATH}/{deleted['id']}/restore"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "calendar_conflict")
    assert (await rep.get(f"{PATH}/{later['id']}")).json() == later


async def test_a_guest_s_time_counts_and_its_words_stay_hidden(
    client: Clients, organisation: Organisation
) -> None:
    await meeting(client, organisation.other_rep)
    guest = [{"user_id": str(organisation.other_rep.id)}]
    answer = await client(organisation.rep).post(
        PATH, json={"kind": "meeting", "subject": "x", **HALF_PAST, "participants": guest}
    )
    assert answer.status_code == 409
    assert answer.json()["conflicts"] == [
        {"id": None, "subject": None, **NINE, "user_ids": [str(organisation.other_rep.id)]}
    ]
    assert "密谈" not in answer.text
    declined = [{**guest[0], "response": "declined"}]
    await meeting(client, organisation.rep, **HALF_PAST, participants=declined)


async def test_of_meetings_saved_at_one_instant_one_is_kept(
    client: Clients, organisation: Organisation
) -> None:
    """Two people plan the same guest's time, eight times at once; again and again."""
    guest = [{"user_id": str(organisation.junior.id)}]
    for day in range(1, 6):
        times = {"starts_at": f"2026-12-0{day}T09:00:00Z", "ends_at": f"2026-12-0{day}T10:00:00Z"}
        sent = {"kind": "meeting", "subject": "x", **times, "participants": guest}
        users = [organisation.rep, organisation.rep2] * 4
        answers = await asyncio.gather(*(client(user).post(PATH, json=sent) for user in users))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [201] + [409] * 7
    listed = await client(organisation.admin).get(PATH, params={"total": "exact"})
    assert listed.json()["page"]["total"] == 5


async def test_a_series_is_unfolded_by_the_clock_on_the_wall(
    client: Clients, organisation: Organisation
) -> None:
    series = await created(client, organisation.rep, **WEEKLY)
    span = {"from": "2026-03-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"}
    items = await shown(client, organisation.rep, **span)
    assert [item["starts_at"] for item in items] == [
        "2026-03-23T08:00:00Z", "2026-03-30T07:00:00Z", "2026-04-06T07:00:00Z", "2026-04-13T07:00:00Z",
    ]  # fmt: skip
    assert {item["activity_id"] for item in items} == {series["id"]}
    assert {item["series_id"] for item in items} == {series["id"]}


async def test_an_occurrence_is_moved_cancelled_left_out_or_done(
    client: Clients, organisation: Organisation
) -> None:
    series = await created(client, organisation.rep, **WEEKLY)
    rep, one = client(organisation.rep), f"{PATH}/{series['id']}"
    moved = await rep.post(
        one + "/occurrences",
        json={"recurrence_id": "2026-03-30T07:00:00Z", "starts_at": "2026-03-31T07:00:00Z"},
    )
    assert moved.status_code == 201, moved.text
    assert moved.json()["ends_at"] == "2026-03-31T08:00:00Z"
    assert (moved.json()["series_id"], moved.json()["subject"]) == (series["id"], "Jour fixe")
    again = await rep.post(one + "/occurrences", json={"recurrence_id": "2026-03-30T07:00:00Z"})
    assert (again.status_code, again.json()["activity_id"]) == (409, moved.json()["id"])
    done = await rep.post(
        one + "/complete", json={"recurrence_id": "2026-03-23T08:00:00Z", "outcome": "gut"}
    )
    assert done.status_code == 200, done.text
    assert (done.json()["status"], done.json()["series_id"]) == ("done", series["id"])
    left_out = await rep.patch(one, json={"exdates": ["2026-04-13T07:00:00Z"]})
    assert left_out.status_code == 200, left_out.text
    span = {"from": "2026-03-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"}
    items = await shown(client, organisation.rep, **span)
    assert [(item["starts_at"], item["activity_id"]) for item in items] == [
        ("2026-03-23T08:00:00Z", done.json()["id"]),
        ("2026-03-31T07:00:00Z", moved.json()["id"]),
        ("2026-04-06T07:00:00Z", series["id"]),
    ]
    # The place that was left is free; deleting what differs brings it back.
    free = {"starts_at": "2026-03-30T07:00:00Z", "ends_at": "2026-03-30T08:00:00Z"}
    extra = await meeting(client, organisation.rep, **free)
    await rep.delete(f"{PATH}/{extra['id']}")
    await rep.delete(f"{PATH}/{moved.json()['id']}")
    items = await shown(client, organisation.rep, **span)
    assert [item["starts_at"] for item in items][1] == "2026-03-30T07:00:00Z"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"recurrence_id": "2026-03-24T08:00:00Z"}, 422),
        ({"recurrence_id": "2026-03-30T08:00:00Z"}, 422),
        ({}, 422),
        ({"recurrence_id": "2026-03-23T08:00:00Z", "recurrence": "FREQ=DAILY"}, 422),
    ],
)
async def test_what_is_no_occurrence_cannot_differ(
    client: Clients, organisation: Organisation, body: dict[str, Any], status: int
) -> None:
    series = await created(client, organisation.rep, **WEEKLY)
    answer = await client(organisation.rep).post(f"{PATH}/{series['id']}/occurrences", json=body)
    assert answer.status_code == status, answer.text
    whole = await client(organisation.rep).post(f"{PATH}/{series['id']}/complete", json={})
    assert (whole.status_code, list(whole.json()["errors"])) == (422, ["status"])


async def test_series_clash_with_meetings_and_with_each_other(
    client: Clients, organisation: Organisation
) -> None:
    """A series is held against what comes, from now on."""
    coming = {"starts_at": "2037-03-23T08:00:00Z", "ends_at": "2037-03-23T09:00:00Z"}
    await created(client, organisation.rep, **WEEKLY | coming)
    rep = client(organisation.rep)
    once = {
        "kind": "call",
        "subject": "x",
        "starts_at": "2037-04-06T07:30:00Z",
        "duration_minutes": 15,
    }
    answer = await rep.post(PATH, json=once)
    assert answer.status_code == 409, answer.text
    assert answer.json()["conflicts"][0]["starts_at"] == "2037-04-06T07:00:00Z"
    daily = {**WEEKLY, "starts_at": "2037-04-03T07:30:00Z", "ends_at": "2037-04-03T07:45:00Z",
             "recurrence": "FREQ=DAILY"}  # fmt: skip
    answer = await rep.post(PATH, json=daily)
    assert answer.status_code == 409, answer.text
    assert answer.json()["conflicts"][0]["starts_at"] == "2037-04-06T07:00:00Z"


async def test_a_series_does_not_clash_with_its_own_occurrences(
    client: Clients, organisation: Organisation
) -> None:
    coming = {"starts_at": "2037-03-23T08:00:00Z", "ends_at": "2037-03-23T09:00:00Z"}
    series = await created(client, organisation.rep, **WEEKLY | coming)
    path, rep = f"{PATH}/{series['id']}", client(organisation.rep)
    moved = {"recurrence_id": "2037-04-06T07:00:00Z", "starts_at": "2037-04-06T07:30:00Z", "ends_at": "2037-04-06T08:30:00Z"}  # fmt: skip
    away = {"recurrence_id": "2037-04-13T07:00:00Z", "starts_at": "2037-04-14T07:00:00Z", "ends_at": "2037-04-14T08:00:00Z"}  # fmt: skip
    for each in (moved, away):
        answer = await rep.post(f"{path}/occurrences", json=each)
        assert answer.status_code == 201, answer.text
    call = {"kind": "call", "subject": "x", "starts_at": "2037-04-13T07:00:00Z"}
    assert (await rep.post(PATH, json=call | {"duration_minutes": 15})).status_code == 201

    longer = await rep.patch(path, json={"ends_at": "2037-03-23T09:10:00Z"})

    assert longer.status_code == 200, longer.text


async def test_a_repeating_task_has_its_next_once_though_two_complete_it(
    client: Clients, organisation: Organisation
) -> None:
    task = await created(
        client, organisation.rep, kind="task", due_at="2026-03-27T08:00:00Z",
        reminder_at="2026-03-27T07:00:00Z", recurrence="FREQ=WEEKLY;COUNT=2", time_zone="Europe/Berlin",
    )  # fmt: skip
    one = f"{PATH}/{task['id']}"
    users = [organisation.rep, organisation.manager] * 3
    answers = await asyncio.gather(*(client(u).post(one + "/complete", json={}) for u in users))
    assert {answer.status_code for answer in answers} == {200}
    made = [answer.json()["next"] for answer in answers if answer.json()["next"]]
    assert len(made) == 1
    assert (made[0]["due_at"], made[0]["reminder_at"]) == (
        "2026-04-03T07:00:00Z",
        "2026-04-03T06:00:00Z",
    )
    assert (made[0]["series_id"], made[0]["status"]) == (task["id"], "planned")
    rep = client(organisation.rep)
    for status in ("planned", "done"):  # reopened and done again: the next stands already
        assert (await rep.patch(one, json={"status": status})).status_code == 200
    chain = await rep.get(PATH, params={"series_id": task["id"], "total": "exact"})
    assert chain.json()["page"]["total"] == 2
    last = await rep.patch(f"{PATH}/{made[0]['id']}", json={"status": "done"})
    assert last.status_code == 200, last.text
    chain = await rep.get(PATH, params={"series_id": task["id"], "total": "exact"})
    assert chain.json()["page"]["total"] == 2


async def test_a_repeating_task_stands_in_the_calendar_with_what_is_to_come(
    client: Clients, organisation: Organisation
) -> None:
    task = await created(
        client, organisation.rep, kind="task", due_at="2026-12-01T08:00:00Z",
        recurrence="FREQ=WEEKLY;COUNT=3", time_zone="Asia/Shanghai",
    )  # fmt: skip
    days = [item["starts_at"][:10] for item in await shown(client, organisation.rep)]
    assert days == ["2026-12-01", "2026-12-08", "2026-12-15"]
    await client(organisation.rep).post(f"{PATH}/{task['id']}/complete", json={})
    items = await shown(client, organisation.rep)
    assert [(item["starts_at"][:10], item["status"]) for item in items] == [
        ("2026-12-01", "done"), ("2026-12-08", "planned"), ("2026-12-15", "planned"),
    ]  # fmt: skip


async def test_each_sees_of_a_calendar_what_they_may_see(
    client: Clients, organisation: Organisation
) -> None:
    seen = await meeting(client, organisation.rep)
    rep = str(organisation.rep.id)
    assert [i["activity_id"] for i in await shown(client, organisation.rep)] == [seen["id"]]
    for user, count in (
        (organisation.manager, 1), (organisation.rep2, 0), (organisation.read_only, 0),
    ):  # fmt: skip
        assert len(await shown(client, user, user_id=rep)) == count, user.name
        team = str(organisation.teams["a"])
        assert len(await shown(client, user, team_id=team)) == count, user.name
    busy = await client(organisation.other_rep).get(
        f"{CALENDAR}/free-busy", params={**DECEMBER, "user_ids": rep}
    )
    assert busy.json() == {"data": [{"user_id": rep, "busy": [NINE]}]}


async def test_busy_time_is_merged_cut_and_of_guests_too(
    client: Clients, organisation: Organisation
) -> None:
    guest = [{"user_id": str(organisation.rep2.id)}]
    await meeting(client, organisation.rep, participants=guest)
    url = f"{PATH}?allow_conflict=true"
    await client(organisation.rep).post(url, json={"kind": "call", "subject": "x", **HALF_PAST})
    people = [organisation.rep, organisation.rep2]
    span = {"from": "2026-12-01T09:15:00Z", "to": "2026-12-02T00:00:00Z"}
    ids = ",".join(str(user.id) for user in people)
    answer = await client(organisation.other_rep).get(
        f"{CALENDAR}/free-busy", params={**span, "user_ids": ids}
    )
    found = {entry["user_id"]: entry["busy"] for entry in answer.json()["data"]}
    first = "2026-12-01T09:15:00Z"
    assert found == {
        str(organisation.rep.id): [{"starts_at": first, "ends_at": "2026-12-01T10:30:00Z"}],
        str(organisation.rep2.id): [{"starts_at": first, "ends_at": "2026-12-01T10:00:00Z"}],
    }


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("", {}, 400),
        ("", {"from": "x", "to": "today"}, 400),
        ("", {"from": "2026-12-01", "to": "2026-12-01"}, 400),
        ("", {"from": "2026-12-01", "to": "2028-12-01"}, 400),
        ("", {**DECEMBER, "nonsense": "1"}, 400),
        ("", {**DECEMBER, "user_id": "x"}, 400),
        ("", {**DECEMBER, "user_id": str(uuid4())}, 404),
        ("", {**DECEMBER, "team_id": str(uuid4())}, 404),
        ("", {**DECEMBER, "team_id": str(uuid4()), "user_id": str(uuid4())}, 400),
        ("/free-busy", DECEMBER, 400),
        ("/free-busy", {**DECEMBER, "user_ids": str(uuid4())}, 404),
        ("", {"from": "today", "to": "+7d"}, 200),
    ],
)
async def test_what_is_asked_wrongly_is_named(
    client: Clients, organisation: Organisation, path: str, params: dict[str, str], status: int
) -> None:
    answer = await client(organisation.rep).get(CALENDAR + path, params=params)
    assert answer.status_code == status, answer.text


async def test_whether_a_conflict_is_allowed_is_said_in_words(
    client: Clients, organisation: Organisation
) -> None:
    rep, wrong = client(organisation.rep), {"allow_conflict": "0.5"}
    note = {"kind": "note", "subject": "takes no time"}
    made = (await rep.post("/v1/activities", json=note)).json()["id"]
    operations = {"mode": "independent", "operations": [{"op": "create", "data": note}]}
    one = f"/v1/activities/{made}"
    answers = [
        await rep.post("/v1/activities", json=note, params=wrong),
        await rep.patch(one, json={}, params=wrong),
        await rep.post(f"{one}/complete", json={}, params=wrong),
        await rep.post("/v1/activities/batch", json=operations, params=wrong),
    ]
    assert [answer.status_code for answer in answers] == [400] * 4
    assert {tuple(answer.json()["errors"]) for answer in answers} == {("allow_conflict",)}

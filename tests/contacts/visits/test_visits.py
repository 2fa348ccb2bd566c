"""Checking in and out over HTTP: planned and not, once, far away, offline."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation, User

PATH = "/v1/activities"
OFFICE = {"latitude": 39.9836, "longitude": 116.3164}
NEAR = {"latitude": 39.9840, "longitude": 116.3170, "accuracy_m": 15.0}
FAR = {"latitude": 39.9087, "longitude": 116.3975, "accuracy_m": 15.0}


async def an_account(client: Clients, user: User, *, placed: bool = True) -> str:
    address = OFFICE if placed else {"city": "北京"}
    answer = await client(user).post(
        "/v1/accounts", json={"name": "未来科技", "addresses": [address]}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def a_visit(client: Clients, user: User, **fields: Any) -> dict[str, Any]:
    sent = {"kind": "visit", "subject": "拜访", **fields}
    answer = await client(user).post(PATH, json=sent)
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.json()
    return record


async def shown(client: Clients, user: User, activity: dict[str, Any]) -> Any:
    answer = await client(user).get(f"{PATH}/{activity['id']}/visit")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_planned_visit_is_arrived_at_and_left(
    client: Clients, organisation: Organisation
) -> None:
    rep, account = client(organisation.rep), await an_account(client, organisation.rep)
    visit = await a_visit(client, organisation.rep, account_ids=[account])
    assert visit["visit"] is None
    assert await shown(client, organisation.rep, visit) == {
        "activity_id": visit["id"], "check_in": None, "check_out": None, "duration_seconds": None,
    }  # fmt: skip
    arrived = await rep.post(f"{PATH}/{visit['id']}/check-in", json={**NEAR, "note": "前台"})
    assert arrived.status_code == 200, arrived.text
    assert arrived.json()["version"] == 2
    assert arrived.json()["status"] == "planned"  # it is completed with an outcome
    left = await rep.post(f"{PATH}/{visit['id']}/check-out", json=FAR)
    assert left.status_code == 200, left.text
    found = await shown(client, organisation.rep, visit)
    entered, departed = found["check_in"], found["check_out"]
    assert (entered["distance_m"], entered["is_far"]) == (pytest.approx(68, abs=2), False)
    assert (departed["is_far"], departed["tolerance_m"]) == (True, 500.0)
    assert (entered["account_id"], entered["measured_from"]) == (account, "account")
    assert (entered["note"], entered["by_id"]) == ("前台", str(organisation.rep.id))
    assert (entered["reason"], entered["device_time"]) == (None, None)
    record = (await rep.get(f"{PATH}/{visit['id']}")).json()
    assert record == left.json()
    assert record["visit"] == {
        "checked_in_at": entered["at"], "checked_out_at": departed["at"],
        "duration_seconds": found["duration_seconds"], "distance_m": entered["distance_m"],
        "is_far": True,
    }  # fmt: skip


async def test_each_check_tells_the_feed_the_new_state_without_a_position(
    client: Clients, organisation: Organisation
) -> None:
    rep, account = client(organisation.rep), await an_account(client, organisation.rep)
    visit = await a_visit(client, organisation.rep, account_ids=[account])
    for step in ("check-in", "check-out"):
        assert (await rep.post(f"{PATH}/{visit['id']}/{step}", json=NEAR)).status_code == 200
    events = (await rep.get(f"{PATH}/{visit['id']}/history")).json()["data"]
    assert [event["type"].rsplit(".")[-1] for event in events] == [
        "checked_out", "checked_in", "created",
    ]  # fmt: skip
    assert events[0]["after"] == (await rep.get(f"{PATH}/{visit['id']}")).json()
    assert events[0]["changed"] == ["visit"]
    assert str(NEAR["latitude"]) not in str(events)


async def test_a_check_that_is_sent_again_changes_nothing_and_another_one_is_refused(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    visit = await a_visit(client, organisation.rep)
    for step in ("check-in", "check-out"):
        one = f"{PATH}/{visit['id']}/{step}"
        key = {"Idempotency-Key": str(new_id())}
        answers = [await rep.post(one, json=NEAR, headers=h) for h in (key, key, {})]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert answers[0].json() == answers[1].json() == answers[2].json()
        other = await rep.post(one, json=FAR)
        assert (other.status_code, other.json()["code"]) == (409, "already_checked")
        elsewhere = await client(organisation.manager).post(one, json=NEAR)
        assert elsewhere.status_code == 409
    assert (await rep.get(f"{PATH}/{visit['id']}")).json()["version"] == 3


async def test_of_many_phones_at_once_one_checks_in(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    visit = await a_visit(client, organisation.rep)
    answers = await asyncio.gather(
        *(
            rep.post(f"{PATH}/{visit['id']}/check-in", json={**NEAR, "device_id": f"phone {n}"})
            for n in range(8)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert (await rep.get(f"{PATH}/{visit['id']}")).json()["version"] == 2


async def test_more_people_than_connections_arrive_at_once(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    """Whoever holds a connection in a transaction must not wait for another one."""
    rep, account = client(organisation.rep), await an_account(client, organisation.rep)
    count = 3 * service_database.pool.get_max_size()
    answers = await asyncio.wait_for(
        asyncio.gather(
            *(
                rep.post(f"{PATH}/check-in", json={**NEAR, "account_id": account})
                for _ in range(count)
            )
        ),
        timeout=30,
    )
    assert {answer.status_code for answer in answers} <= {201, 503}
    assert any(answer.status_code == 201 for answer in answers)


async def test_leaving_before_arriving_is_refused_with_a_sentence(
    client: Clients, organisation: Organisation
) -> None:
    visit = await a_visit(client, organisation.rep)
    answer = await client(organisation.rep).post(f"{PATH}/{visit['id']}/check-out", json=NEAR)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_checked_in")
    assert "check in first" in answer.json()["detail"]


async def test_arriving_at_a_visit_that_clashes_is_never_refused(
    client: Clients, organisation: Organisation
) -> None:
    """Two were planned for one time, knowingly; who stands at the door is there."""
    rep, account = client(organisation.rep), await an_account(client, organisation.rep)
    times = {"starts_at": "2026-12-01T02:00:00Z", "ends_at": "2026-12-01T03:00:00Z"}
    sent = {"kind": "visit", "subject": "拜访", "recurrence": "FREQ=WEEKLY", **times}
    await a_visit(client, organisation.rep, **times)
    series = await rep.post(PATH, params={"allow_conflict": "true"}, json=sent)
    here = {**NEAR, "recurrence_id": times["starts_at"]}
    arrived = await rep.post(f"{PATH}/{series.json()['id']}/check-in", json=here)
    assert arrived.status_code == 200, arrived.text
    unplanned = await rep.post(f"{PATH}/check-in", json={**NEAR, "account_id": account})
    assert unplanned.status_code == 201
    nothing = {**NEAR, "recurrence_id": "2026-12-02T02:00:00Z"}
    refused = await rep.post(f"{PATH}/{series.json()['id']}/check-in", json=nothing)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["recurrence_id"])


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"kind": "meeting"}, 422),
        ({"starts_at": "2026-12-01T06:00:00Z", "recurrence": "FREQ=WEEKLY"}, 422),
        ({"status": "cancelled"}, 409),
    ],
)
async def test_only_one_visit_that_takes_place_can_be_checked_in_to(
    client: Clients, organisation: Organisation, fields: dict[str, Any], status: int
) -> None:
    activity = await a_visit(client, organisation.rep, **fields)
    one = f"{PATH}/{activity['id']}/check-in"
    assert (await client(organisation.rep).post(one, json=NEAR)).status_code == status
    assert (await shown(client, organisation.rep, activity))["check_in"] is None


async def test_a_phone_that_was_offline_keeps_its_own_time_beside_the_servers(
    client: Clients, organisation: Organisation
) -> None:
    rep, now = client(organisation.rep), datetime.now(UTC)
    visit = await a_visit(client, organisation.rep)
    arrived, left = now - timedelta(hours=3), now - timedelta(hours=2)
    for step, moment in (("check-in", arrived), ("check-out", left)):
        sent = {**NEAR, "device_time": moment.isoformat(), "sent_at": now.isoformat()}
        assert (await rep.post(f"{PATH}/{visit['id']}/{step}", json=sent)).status_code == 200
    found = await shown(client, organisation.rep, visit)
    assert datetime.fromisoformat(found["check_in"]["device_time"]) == arrived
    assert datetime.fromisoformat(found["check_in"]["at"]) >= now - timedelta(seconds=5)
    assert found["check_in"]["is_clock_suspect"] is False
    assert found["duration_seconds"] == 3600


async def test_a_clock_that_runs_ahead_is_flagged_and_the_servers_counts(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    visit = await a_visit(client, organisation.rep)
    ahead = (datetime.now(UTC) + timedelta(hours=9)).isoformat()
    for step in ("check-in", "check-out"):
        sent = {**NEAR, "device_time": ahead}
        assert (await rep.post(f"{PATH}/{visit['id']}/{step}", json=sent)).status_code == 200
    found = await shown(client, organisation.rep, visit)
    assert found["check_in"]["is_clock_suspect"] is True
    assert 0 <= found["duration_seconds"] < 60


async def test_without_a_position_to_measure_from_the_reason_is_told(
    client: Clients, organisation: Organisation
) -> None:
    account = await an_account(client, organisation.rep, placed=False)
    visit = await a_visit(client, organisation.rep, account_ids=[account])
    one = f"{PATH}/{visit['id']}/check-in"
    assert (await client(organisation.rep).post(one, json=FAR)).status_code == 200
    check = (await shown(client, organisation.rep, visit))["check_in"]
    assert (check["distance_m"], check["is_far"], check["account_id"]) == (None, None, None)
    assert "position" in check["reason"]


async def test_a_place_of_the_activity_itself_counts_when_no_account_has_one(
    client: Clients, organisation: Organisation
) -> None:
    visit = await a_visit(client, organisation.rep, **OFFICE)
    one = f"{PATH}/{visit['id']}/check-in"
    assert (await client(organisation.rep).post(one, json=FAR)).status_code == 200
    check = (await shown(client, organisation.rep, visit))["check_in"]
    assert (check["measured_from"], check["is_far"]) == ("activity", True)


async def test_where_an_invisible_account_is_cannot_be_measured(
    client: Clients, organisation: Organisation
) -> None:
    """The manager links an account of their own; the rep holds the visit but may not see it."""
    hidden = await an_account(client, organisation.admin)
    visit = await a_visit(
        client, organisation.admin, account_ids=[hidden], owner_id=str(organisation.rep.id)
    )
    one = f"{PATH}/{visit['id']}/check-in"
    assert (await client(organisation.rep).post(one, json=FAR)).status_code == 200
    check = (await shown(client, organisation.rep, visit))["check_in"]
    assert (check["distance_m"], check["account_id"]) == (None, None)


async def test_an_unplanned_visit_is_made_and_checked_in_to_at_once(
    client: Clients, organisation: Organisation
) -> None:
    rep, account = client(organisation.rep), await an_account(client, organisation.rep)
    sent = {"account_id": account, "id": str(new_id()), **NEAR}
    first = await rep.post(f"{PATH}/check-in", json=sent)
    assert first.status_code == 201, first.text
    record = first.json()
    assert (record["kind"], record["subject"]) == ("visit", "未来科技")
    assert (record["account_ids"], record["visit"]["is_far"]) == ([account], False)
    assert first.headers["location"] == f"{PATH}/{record['id']}"
    again = await rep.post(f"{PATH}/check-in", json=sent)
    assert (again.status_code, again.json()) == (200, record)
    other = await rep.post(f"{PATH}/check-in", json={**sent, **FAR})
    assert other.status_code == 409
    elsewhere = await an_account(client, organisation.rep)
    taken = await rep.post(f"{PATH}/check-in", json={**sent, "account_id": elsewhere})
    assert (taken.status_code, taken.json()["code"]) == (409, "id_taken")
    stranger = await client(organisation.admin).post(
        f"{PATH}/check-in", json={**sent, "account_id": elsewhere}
    )
    assert stranger.status_code == 409


async def test_an_unplanned_visit_to_nobody_leaves_nothing(
    client: Clients, organisation: Organisation
) -> None:
    hidden = await an_account(client, organisation.rep2)
    for account in (hidden, str(new_id())):
        answer = await client(organisation.rep).post(
            f"{PATH}/check-in", json={"account_id": account, **NEAR}
        )
        assert answer.status_code == 422
        assert "account_id" in answer.json()["errors"]
    listed = await client(organisation.admin).get(PATH, params={"total": "exact"})
    assert listed.json()["page"]["total"] == 0


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"latitude": 91}, "latitude"), ({"latitude": None}, "latitude"),
        ({"longitude": "x"}, "longitude"), ({"accuracy_m": -1}, "accuracy_m"),
        ({"device_time": "2026-11-23"}, "device_time"), ({"device_time": 5}, "device_time"),
        ({"photo_ids": ["x"]}, "photo_ids.0"), ({"note": "a\x00"}, "note"), ({"nonsense": 1}, "nonsense"),
    ],
)  # fmt: skip
async def test_what_cannot_be_a_check_is_named(
    client: Clients, organisation: Organisation, changed: dict[str, Any], field: str
) -> None:
    visit = await a_visit(client, organisation.rep)
    answer = await client(organisation.rep).post(
        f"{PATH}/{visit['id']}/check-in", json={**NEAR, **changed}
    )
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["errors"]


async def test_far_visits_are_found_by_those_who_see_them(
    client: Clients, organisation: Organisation
) -> None:
    ids = {}
    for user in (organisation.rep, organisation.rep2):
        account = await an_account(client, user)
        for name, here in (("near", NEAR), ("far", FAR)):
            sent = {"account_id": account, "subject": name, **here}
            made = await client(user).post(f"{PATH}/check-in", json=sent)
            ids[user.name, name] = made.json()["id"]
    for user, names in ((organisation.rep, ["rep"]), (organisation.manager, ["rep", "rep2"])):
        for flag, name in (("true", "far"), ("false", "near")):
            found = await client(user).get(PATH, params={"is_far": flag})
            assert {row["id"] for row in found.json()["data"]} == {ids[n, name] for n in names}


async def test_strangers_cannot_check_in_and_readers_may_not(
    client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    visit = await a_visit(client, organisation.rep)
    one = f"{PATH}/{visit['id']}"
    for user in (organisation.rep2, other_organisation.admin):
        for step in ("check-in", "check-out"):
            assert (await client(user).post(f"{one}/{step}", json=NEAR)).status_code == 404
        assert (await client(user).get(f"{one}/visit")).status_code == 404
    reader = organisation.rep.but(permissions=("activities:read",))
    assert (await client(reader).post(f"{one}/check-in", json=NEAR)).status_code == 403

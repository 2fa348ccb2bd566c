"""Activities over HTTP: kinds, links, completion, lists, visibility."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.contacts.activities.booking import PATH, a_person, an_account, created
from tests.factories import Clients, Organisation


async def test_a_created_activity_reads_back_as_the_create_answered(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    account, person = (
        await an_account(client, organisation.rep),
        await a_person(client, organisation.rep),
    )
    sent = {
        "kind": "meeting", "subject": "年度合作方案讨论", "body": "带上报告", "priority": "high",
        "starts_at": "2026-12-01T14:00:00+08:00", "ends_at": "2026-12-01T15:30:00+08:00",
        "location": "北京", "latitude": 39.98, "longitude": 116.31, "next_step": "报价",
        "reminder_at": "2026-12-01T05:45:00Z", "account_ids": [account], "contact_ids": [person],
        "opportunity_id": str(uuid4()), "ticket_id": str(uuid4()), "tags": ["b", "a"],
        "participants": [
            {"user_id": str(organisation.rep2.id)}, {"contact_id": person, "response": "accepted"},
            {"name": "李四", "email": "Li.Si@Weilai.example"},
        ],
    }  # fmt: skip
    answer = await rep.post(PATH, json=sent)
    assert answer.status_code == 201, answer.text
    record = answer.json()
    assert answer.headers["location"] == f"{PATH}/{record['id']}"
    assert (record["starts_at"], record["duration_minutes"]) == ("2026-12-01T06:00:00Z", 90)
    assert (record["status"], record["done_at"]) == ("planned", None)
    assert record["owner_id"] == str(organisation.rep.id)
    assert record["tags"] == ["a", "b"]
    assert record["participants"][2] == {
        "user_id": None, "contact_id": None, "name": "李四", "email": "Li.Si@weilai.example",
        "response": "needs_action",
    }  # fmt: skip
    read = await rep.get(f"{PATH}/{record['id']}")
    assert read.json() == record
    assert read.headers["etag"] == answer.headers["etag"] == '"1"'


MEETING = {
    "kind": "meeting", "subject": "x", "starts_at": "2026-12-01T06:00:00Z",
    "ends_at": "2026-12-01T07:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"subject": "x"}, "kind"),
        ({"kind": "dinner", "subject": "x"}, "kind"),
        ({"kind": "call"}, "subject"),
        ({"kind": "call", "subject": "A\x00B"}, "subject"),
        ({"kind": "call", "subject": "x", "starts_at": "2026-12-01T06:00:00"}, "starts_at"),
        ({"kind": "call", "subject": "x", "starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at"),
        ({**MEETING, "ends_at": "2026-12-01T06:00:00Z"}, "ends_at"),
        ({**MEETING, "ends_at": "2027-02-01T06:00:00Z"}, "ends_at"),
        ({**MEETING, "duration_minutes": 30}, "duration_minutes"),
        ({"kind": "call", "subject": "x", "ends_at": "2026-12-01T06:00:00Z"}, "ends_at"),
        ({**MEETING, "due_at": "2026-12-01T06:00:00Z"}, "due_at"),
        ({**MEETING, "status": "planned", "done_at": "2026-12-01T06:00:00Z"}, "done_at"),
        ({"kind": "note", "subject": "x", "due_at": "2026-12-01T06:00:00Z"}, "due_at"),
        ({"kind": "note", "subject": "x", "starts_at": "2026-12-01T06:00:00Z"}, "starts_at"),
        ({"kind": "note", "subject": "x", "status": "planned"}, "status"),
        ({"kind": "call", "subject": "x", "latitude": 1.5}, "longitude"),
        ({"kind": "email", "subject": "x", "reminder_at": "2026-12-01T06:00:00Z"}, "reminder_at"),
        ({"kind": "call", "subject": "x", "time_zone": "Mars/Olympus"}, "time_zone"),
        ({"kind": "task", "subject": "x", "recurrence": "FREQ=DAILY"}, "due_at"),
        ({**MEETING, "recurrence": "FREQ=HOURLY"}, "recurrence"),
        ({**MEETING, "recurrence": "FREQ=DAILY;COUNT=2;UNTIL=20270101"}, "recurrence"),
        ({**MEETING, "recurrence": "FREQ=DAILY;UNTIL=20200101"}, "recurrence"),
        ({**MEETING, "recurrence": "FREQ=DAILY;INTERVAL=0"}, "recurrence"),
        ({**MEETING, "recurrence": "FREQ=DAILY;BYHOUR=3"}, "recurrence"),
        ({**MEETING, "recurrence": "FREQ=WEEKLY;BYDAY=XX"}, "recurrence"),
        ({**MEETING, "recurrence": "nonsense"}, "recurrence"),
        ({**MEETING, "exdates": ["2026-12-01T06:00:00Z"]}, "exdates"),
        ({"kind": "email", "subject": "x", "recurrence": "FREQ=DAILY"}, "recurrence"),
        ({**MEETING, "account_ids": [str(uuid4())]}, "account_ids.0"),
        ({**MEETING, "contact_ids": [str(uuid4())]}, "contact_ids.0"),
        ({**MEETING, "follow_up_of_id": str(uuid4())}, "follow_up_of_id"),
        ({**MEETING, "participants": [{}]}, "participants.0"),
        ({**MEETING, "participants": [{"user_id": str(uuid4())}]}, "participants.0.user_id"),
        ({**MEETING, "participants": [{"email": "nobody"}]}, "participants.0"),
        ({**MEETING, "owner_id": str(uuid4())}, "owner_id"),
        ({**MEETING, "series_id": str(uuid4())}, "series_id"),
        ({**MEETING, "custom": {"unknown": 1}}, "custom.unknown"),
    ],
)
async def test_bad_fields_are_named_and_nothing_is_written(
    client: Clients, organisation: Organisation, sent: dict[str, Any], field: str
) -> None:
    admin = client(organisation.admin)
    answer = await admin.post(PATH, json=sent)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in answer.json()["errors"], answer.json()
    listed = await admin.get(PATH, params={"total": "exact"})
    assert listed.json()["page"]["total"] == 0


async def test_links_name_their_index_and_must_be_seen_by_the_caller(
    client: Clients, organisation: Organisation
) -> None:
    mine = await an_account(client, organisation.rep)
    others = await an_account(client, organisation.other_rep)
    answer = await client(organisation.rep).post(
        PATH, json={"kind": "call", "subject": "x", "account_ids": [mine, others]}
    )
    assert answer.status_code == 422, answer.text
    assert list(answer.json()["errors"]) == ["account_ids.1"]
    assert answer.json()["violations"][0]["pointer"] == "/account_ids/1"


async def test_a_link_that_stands_may_stay_though_the_account_is_out_of_sight(
    client: Clients, organisation: Organisation
) -> None:
    account = await an_account(client, organisation.rep)
    activity = await created(client, organisation.rep, account_ids=[account])
    await client(organisation.rep).delete(f"/v1/accounts/{account}")
    answer = await client(organisation.rep).patch(
        f"{PATH}/{activity['id']}", json={"account_ids": [account], "subject": "y"}
    )
    assert answer.status_code == 200, answer.text


async def test_an_account_and_a_contact_have_their_timeline(
    client: Clients, organisation: Organisation
) -> None:
    account = await an_account(client, organisation.rep)
    person = await a_person(client, organisation.rep)
    first = await created(client, organisation.rep, account_ids=[account])
    second = await created(client, organisation.rep, account_ids=[account], contact_ids=[person])
    await created(client, organisation.rep)
    rep = client(organisation.rep)
    for params, wanted in (
        ({"account_id": account}, {first["id"], second["id"]}),
        ({"contact_id": person}, {second["id"]}),
        ({"account_ids[has]": account, "contact_ids[has]": person}, {second["id"]}),
    ):
        listed = await rep.get(PATH, params={**params, "total": "exact"})
        assert {row["id"] for row in listed.json()["data"]} == wanted, params
        assert listed.json()["page"]["total"] == len(wanted)


async def test_activities_are_found_by_words_of_subject_body_and_place(
    client: Clients, organisation: Organisation
) -> None:
    activity = await created(
        client,
        organisation.rep,
        subject="年度合作方案",
        body="Liefervertrag prüfen",
        location="上海",
    )
    rep = client(organisation.rep)
    for words in ("合作", "hezuo", "liefervertrag", "上海"):
        found = await rep.get(PATH, params={"q": words})
        assert [row["id"] for row in found.json()["data"]] == [activity["id"]], words


async def test_what_has_happened_is_done_by_itself(
    client: Clients, organisation: Organisation
) -> None:
    for kind in ("note", "email", "message"):
        record = await created(client, organisation.rep, kind=kind)
        assert record["status"] == "done", kind
        assert record["done_at"] is not None
    logged = await created(client, organisation.rep, done_at="2026-01-05T08:00:00Z")
    assert (logged["status"], logged["done_at"]) == ("done", "2026-01-05T08:00:00Z")


async def test_a_patch_moves_times_and_null_takes_away(
    client: Clients, organisation: Organisation
) -> None:
    activity = await created(
        client, organisation.rep, starts_at="2026-12-01T06:00:00Z", duration_minutes=30
    )
    assert activity["ends_at"] == "2026-12-01T06:30:00Z"
    rep = client(organisation.rep)
    longer = await rep.patch(f"{PATH}/{activity['id']}", json={"duration_minutes": 45})
    assert longer.json()["ends_at"] == "2026-12-01T06:45:00Z"
    gone = await rep.patch(
        f"{PATH}/{activity['id']}", json={"starts_at": None, "ends_at": None, "status": None}
    )
    assert gone.status_code == 200, gone.text
    assert (gone.json()["ends_at"], gone.json()["status"]) == (None, "planned")
    done = await rep.patch(f"{PATH}/{activity['id']}", json={"status": "done"})
    assert done.json()["done_at"] is not None
    reopened = await rep.patch(f"{PATH}/{activity['id']}", json={"status": "planned"})
    assert reopened.json()["done_at"] is None


async def test_history_as_of_delete_and_restore(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    activity = await created(client, organisation.rep)
    one = f"{PATH}/{activity['id']}"
    await rep.patch(one, json={"subject": "anders"})
    before = await rep.get(one, params={"as_of": activity["updated_at"]})
    assert before.json()["subject"] == "电话"
    assert (await rep.delete(one)).status_code == 200
    assert (await rep.get(one)).status_code == 404
    assert (await rep.post(one + "/restore")).json()["subject"] == "anders"
    history = (await rep.get(one + "/history")).json()["data"]
    assert [entry["type"].rpartition(".")[2] for entry in history] == [
        "restored", "deleted", "updated", "created",
    ]  # fmt: skip


async def test_completing_leaves_outcome_and_a_follow_up_in_one_transaction(
    client: Clients, organisation: Organisation
) -> None:
    account = await an_account(client, organisation.rep)
    activity = await created(client, organisation.rep, account_ids=[account])
    rep = client(organisation.rep)
    one = f"{PATH}/{activity['id']}"
    refused = await rep.post(
        one + "/complete",
        json={"outcome": "ok", "follow_up": {"kind": "note", "subject": "x", "status": "planned"}},
    )
    assert refused.status_code == 422
    assert (await rep.get(one)).json() == activity
    follow_up = {"kind": "task", "subject": "报价", "due_at": "2026-12-03T09:00:00Z"}
    answer = await rep.post(
        one + "/complete", json={"outcome": "要报价", "next_step": "报价", "follow_up": follow_up}
    )
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert (done["status"], done["outcome"], done["version"]) == ("done", "要报价", 2)
    assert done["follow_up"]["account_ids"] == [account]
    assert done["follow_up"]["follow_up_of_id"] == activity["id"]
    assert (await rep.get(f"{PATH}/{done['follow_up']['id']}")).json() == done["follow_up"]


async def test_completing_twice_changes_nothing_and_loses_no_words(
    client: Clients, organisation: Organisation
) -> None:
    activity = await created(client, organisation.rep)
    rep = client(organisation.rep)
    one = f"{PATH}/{activity['id']}/complete"
    first = await rep.post(one, json={"outcome": "a"})
    again = await rep.post(one, json={"outcome": "a"})
    assert (again.status_code, again.json()) == (200, first.json())
    other = await rep.post(one, json={"outcome": "b"})
    assert (other.status_code, other.json()["code"]) == (409, "already_done")


async def test_a_follow_up_needs_the_permission_to_create(
    client: Clients, organisation: Organisation
) -> None:
    activity = await created(client, organisation.rep)
    bare = organisation.rep.but(permissions=("activities:read", "activities:update"))
    answer = await client(bare).post(
        f"{PATH}/{activity['id']}/complete",
        json={"follow_up": {"kind": "call", "subject": "x"}},
    )
    assert answer.status_code == 403


async def test_a_batch_matches_by_external_id_and_a_custom_field_is_kept(
    client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    field = {"resource": "activities", "key": "channel", "kind": "text"}
    assert (await admin.post("/v1/fields", json=field)).status_code == 201
    operations = [
        {"op": "upsert", "match": {"field": "external_id", "value": "a-1"},
         "data": {"kind": "call", "subject": subject, "external_id": "a-1", "custom": {"channel": "hotline"}}}
        for subject in ("one", "two")
    ]  # fmt: skip
    answer = await admin.post(f"{PATH}/batch", json={"operations": operations})
    assert answer.status_code == 200, answer.text
    assert [result["status"] for result in answer.json()["results"]] == [201, 200]
    found = await admin.get(PATH, params={"custom.channel": "hotline"})
    assert [row["subject"] for row in found.json()["data"]] == ["two"]


async def test_colleagues_see_what_the_rule_lets_them_see(
    client: Clients, organisation: Organisation
) -> None:
    activity = await created(
        client, organisation.rep, participants=[{"user_id": str(organisation.rep2.id)}]
    )
    one = f"{PATH}/{activity['id']}"
    for user, status in (
        (organisation.manager, 200), (organisation.admin, 200), (organisation.rep2, 404),
        (organisation.other_rep, 404),
    ):  # fmt: skip
        assert (await client(user).get(one)).status_code == status, user.name
        listed = await client(user).get(PATH, params={"total": "exact"})
        assert listed.json()["page"]["total"] == (status == 200), user.name


async def test_a_client_s_own_id_makes_one_activity(
    client: Clients, organisation: Organisation
) -> None:
    activity = {"id": str(uuid4()), **MEETING}
    rep = client(organisation.rep)
    answers = await asyncio.gather(*(rep.post(PATH, json=activity) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    other = await rep.post(PATH, json={**activity, "subject": "z"})
    assert other.status_code == 409

"""Members of campaigns: whoever may be contacted, each once, some held out by lot."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from guanxi_contacts.campaign_members import sending, service
from guanxi_contacts.campaign_members.rules import is_held_out
from tests.contacts.campaigns.test_campaigns import PATH, made
from tests.factories import Clients, Organisation

NOBODY = {"do_not_contact": 0, "refused": 0, "no_consent": 0}


async def people(client: Any, count: int, *statuses: str, channel: str = "email", **more: Any) -> list[str]:  # fmt: skip
    """Contacts, who each said so of marketing."""
    operations = [{"op": "create", "data": {"name": f"Person {n}", **more}} for n in range(count)]
    answer = await client.post("/v1/contacts/batch", json={"operations": operations})
    assert answer.status_code == 200, answer.text
    ids = [each["id"] for each in answer.json()["results"]]
    for id in ids:
        for status in statuses:
            said = {"channel": channel, "purpose": "marketing", "status": status, "source": "form"}
            answer = await client.post(f"/v1/contacts/{id}/consents", json=said)
            assert answer.status_code == 201, answer.text
    return ids


async def added(client: Any, campaign_id: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"{PATH}/{campaign_id}/members", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def members(client: Any, campaign_id: str, **asked: str) -> list[dict[str, Any]]:
    answer = await client.get(f"{PATH}/{campaign_id}/members", params={"limit": "200"} | asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_members_are_added_by_ids_segment_and_filter_each_once(
    organisation: Organisation, client: Clients
) -> None:
    admin = client(organisation.admin)
    ids = await people(admin, 6, "granted", tags=["in-autumn"])
    one = await made(admin, hold_out_share=0.5, hold_out_seed=3)
    first = await added(admin, one["id"], resource="contacts", ids=ids[:2])
    assert (first["added"], first["already"], first["refused"]) == (2, 0, NOBODY)
    document = {"filter_groups": [{"filters": [{"field": "tags", "operator": "has", "value": "in-autumn"}]}]}  # fmt: skip
    by_filter = await added(admin, one["id"], resource="contacts", document=document)
    assert (by_filter["added"], by_filter["already"], by_filter["has_more"]) == (4, 2, False)
    segment = await admin.post(
        "/v1/segments", json={"name": "Autumn", "resource": "contacts", "document": document}
    )
    by_segment = await added(admin, one["id"], segment_id=segment.json()["id"])
    assert (by_segment["added"], by_segment["already"]) == (0, 6)
    account = await admin.post("/v1/accounts", json={"name": "Autumn Ltd"})
    await added(admin, one["id"], resource="accounts", ids=[account.json()["id"]])
    found = await members(admin, one["id"])
    assert {each["member_id"] for each in found} == {*ids, account.json()["id"]}
    drawn = {each["member_id"]: each["member_group"] for each in found}
    for id, group in drawn.items():
        is_out = is_held_out(UUID(one["id"]), UUID(id), share=0.5, seed=3)
        assert group == ("held_out" if is_out else "treated")
    shares = await admin.patch(f"{PATH}/{one['id']}", json={"hold_out_share": 0.1})
    assert (shares.status_code, shares.json()["code"]) == (409, "already_drawn")
    listed = await admin.get(PATH, params={"member_id": ids[0]})
    assert [each["id"] for each in listed.json()["data"]] == [one["id"]]
    held = await members(admin, one["id"], member_group="held_out")
    assert len(held) == list(drawn.values()).count("held_out")
    taken = found[0]
    path = f"{PATH}/{one['id']}/members/{taken['id']}"
    assert (await admin.delete(path)).status_code == 200
    assert len(await members(admin, one["id"])) == 6
    again = await added(admin, one["id"], resource=f"{taken['member_type']}s", ids=[taken["member_id"]])  # fmt: skip
    assert again["added"] == 1
    [back] = await members(admin, one["id"], member_id=taken["member_id"])
    assert (back["id"], back["member_group"]) == (taken["id"], taken["member_group"])
    history = (await admin.get(f"{path}/history")).json()["data"]
    assert [each["type"].rpartition(".")[2] for each in history] == ["restored", "deleted", "created"]  # fmt: skip


async def test_the_lot_is_fair_repeats_itself_and_a_greater_share_holds_out_more() -> None:
    campaign, ids = uuid4(), [uuid4() for _ in range(4_000)]
    small = {id for id in ids if is_held_out(campaign, id, share=0.2, seed=1)}
    assert abs(len(small) - 800) < 5 * (4_000 * 0.2 * 0.8) ** 0.5
    assert small == {id for id in ids if is_held_out(campaign, id, share=0.2, seed=1)}
    assert small < {id for id in ids if is_held_out(campaign, id, share=0.4, seed=1)}
    assert small != {id for id in ids if is_held_out(campaign, id, share=0.2, seed=2)}
    assert not any(is_held_out(campaign, id, share=0, seed=1) for id in ids)


async def test_who_refused_marketing_is_not_treated(
    organisation: Organisation, client: Clients
) -> None:
    admin = client(organisation.admin)
    granted = await people(admin, 2, "granted")
    silent = await people(admin, 3)
    refused = await people(admin, 1, "granted", "withdrawn") + await people(admin, 1, "denied")
    stopped = await people(admin, 1, "granted", do_not_contact=True)
    by_phone = await people(admin, 1, "granted", channel="phone")
    everybody = [*granted, *silent, *refused, *stopped, *by_phone]
    one = await made(admin)
    answer = await added(admin, one["id"], resource="contacts", ids=everybody)
    assert answer["refused"] == {"do_not_contact": 1, "refused": 2, "no_consent": 4}
    assert {each["member_id"] for each in await members(admin, one["id"])} == set(granted)
    other = await made(admin, consent="not_refused")
    answer = await added(admin, other["id"], resource="contacts", ids=everybody)
    assert answer["refused"] == {"do_not_contact": 1, "refused": 2, "no_consent": 0}
    anyhow = await made(admin, channel=None, kind="event")
    answer = await added(admin, anyhow["id"], resource="contacts", ids=everybody)
    assert (answer["added"], answer["refused"]["no_consent"]) == (3, 3)

    await admin.patch(f"{PATH}/{one['id']}", json={"status": "running"})
    said = {"channel": "email", "purpose": "marketing", "status": "withdrawn", "source": "a letter"}
    assert (await admin.post(f"/v1/contacts/{granted[0]}/consents", json=said)).status_code == 201
    sent = await admin.post(f"{PATH}/{one['id']}/members/mark", json={"status": "sent"})
    assert sent.json() == {
        "marked": 1, "unchanged": 0, "has_more": False, "refused": NOBODY | {"refused": 1},
    }  # fmt: skip
    [late] = await members(admin, one["id"], status="targeted")
    assert late["member_id"] == granted[0]
    alone = await admin.patch(f"{PATH}/{one['id']}/members/{late['id']}", json={"status": "sent"})
    assert (alone.status_code, alone.json()["code"]) == (409, "not_sendable")


async def test_members_are_sent_to_and_respond(organisation: Organisation, client: Clients) -> None:
    admin = client(organisation.admin)
    ids = await people(admin, 4)
    one = await made(admin, consent="not_refused")
    path = f"{PATH}/{one['id']}/members"
    await added(admin, one["id"], resource="contacts", ids=ids[:3])
    await added(admin, one["id"], resource="contacts", ids=ids[3:], group="held_out", is_by_lot=True)  # fmt: skip
    early = await admin.post(f"{path}/mark", json={"status": "sent"})
    assert (early.status_code, early.json()["code"]) == (409, "campaign_over")
    await admin.patch(f"{PATH}/{one['id']}", json={"status": "running"})
    sent = await admin.post(f"{path}/mark", json={"status": "sent", "at": "2026-09-03T01:00:00Z"})
    assert sent.json()["marked"] == 3, sent.text
    responded = [
        {"member_id": ids[0], "at": "2026-09-04T01:00:00Z", "answers": {"coming": True}}, {"member_id": ids[3]},
    ]  # fmt: skip
    body = {"status": "responded", "members": responded}
    for expected in (2, 0):
        answer = await admin.post(f"{path}/mark", json=body)
        assert (answer.json()["marked"], answer.json()["unchanged"]) == (expected, 2 - expected)
    by_id = {each["member_id"]: each for each in await members(admin, one["id"])}
    first = by_id[ids[0]]
    assert (first["status"], first["answers"], first["sent_at"]) == ("responded", {"coming": True}, "2026-09-03T01:00:00Z")  # fmt: skip
    assert (by_id[ids[3]]["status"], by_id[ids[3]]["sent_at"]) == ("responded", None)
    back = await admin.patch(f"{path}/{first['id']}", json={"status": "sent"}, headers={"if-match": f'"{first["version"]}"'})  # fmt: skip
    assert (back.json()["responded_at"], back.json()["answers"]) == (None, {}), back.text
    for sent_body, field in (
        ({"status": "responded", "responded_at": "2026-09-01T00:00:00Z"}, "responded_at"),
        ({"responded_at": "2026-09-05T00:00:00Z"}, "responded_at"), ({"answers": {"a": 1}}, "answers"),
        ({"status": "targeted"}, "status"), ({"status": "responded", "responded_at": "2126-01-01T00:00:00Z"}, "responded_at"),
    ):  # fmt: skip
        refused = await admin.patch(f"{path}/{first['id']}", json=sent_body)
        assert (refused.status_code, list(refused.json()["errors"])) == (422, [field]), refused.text
    for raw, status in (
        (b"1" + b"0" * 40, 200),
        (b"1e999", 422),
        (b'"\\u0000"', 422),
        (b"[]", 422),
    ):
        content = b'{"status": "responded", "answers": {"many": ' + raw + b"}}"
        answer = await admin.patch(f"{path}/{first['id']}", content=content)
        assert answer.status_code == status, answer.text
    held = await admin.patch(f"{path}/{by_id[ids[3]]['id']}", json={"sent_at": "2026-09-01T00:00:00Z"})  # fmt: skip
    assert held.json()["code"] == "not_sendable"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422), ({"resource": "contacts"}, 422), ({"resource": "leads", "ids": [str(uuid4())]}, 422),
        ({"ids": [str(uuid4())]}, 422), ({"resource": "contacts", "ids": []}, 422),
        ({"resource": "contacts", "ids": [str(uuid4())]}, 422), ({"segment_id": str(uuid4())}, 404),
        ({"resource": "contacts", "ids": [str(uuid4())], "is_by_lot": True}, 422),
        ({"resource": "contacts", "document": {"filter_groups": [{"filters": [{"field": "shoe", "operator": "eq", "value": 1}]}]}}, 422),
    ],
)  # fmt: skip
async def test_additions_that_mean_nothing_are_refused(
    organisation: Organisation, client: Clients, body: dict[str, Any], status: int
) -> None:
    admin = client(organisation.admin)
    one = await made(admin)
    answer = await admin.post(f"{PATH}/{one['id']}/members", json=body)
    assert answer.status_code == status, answer.text


async def test_somebody_adds_only_whom_they_see_and_to_what_takes_members(
    organisation: Organisation, client: Clients
) -> None:
    rep = organisation.rep.but(
        permissions=(*organisation.rep.grant.permissions, "campaigns:create", "campaigns:update")
    )
    [hidden] = await people(client(organisation.other_rep), 1)
    one = await made(client(rep), consent="not_refused")
    path = f"{PATH}/{one['id']}/members"
    answer = await client(rep).post(path, json={"resource": "contacts", "ids": [hidden]})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference")
    everybody = await added(client(rep), one["id"], resource="contacts", document={})
    assert everybody["added"] == 0
    other = await client(organisation.other_rep).post(path, json={"resource": "contacts", "ids": [hidden]})  # fmt: skip
    assert other.status_code in (403, 404)
    for status in ("running", "ended"):
        await client(rep).patch(f"{PATH}/{one['id']}", json={"status": status})
    answer = await client(rep).post(path, json={"resource": "contacts", "document": {}})
    assert (answer.status_code, answer.json()["code"]) == (409, "campaign_over")


async def test_more_than_one_request_takes_are_added_by_sending_it_again(
    organisation: Organisation, client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST", 2)
    admin = client(organisation.admin)
    ids = await people(admin, 5)
    one = await made(admin, consent="not_refused")
    counts = []
    while not counts or counts[-1][1]:
        answer = await added(admin, one["id"], resource="contacts", ids=ids)
        counts.append((answer["added"], answer["has_more"]))
    assert counts == [(2, True), (2, True), (1, False)]


async def test_many_who_refused_do_not_hide_those_behind_them(
    organisation: Organisation, client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MOST", 2)
    monkeypatch.setattr(sending, "PAGE", 2)
    admin = client(organisation.admin)
    ids = await people(admin, 8, "granted")
    one = await made(admin)
    await added(admin, one["id"], resource="contacts", ids=ids)
    await admin.patch(f"{PATH}/{one['id']}", json={"status": "running"})
    first_five = sorted(await members(admin, one["id"]), key=lambda member: member["id"])[:5]
    said = {"channel": "email", "purpose": "marketing", "status": "withdrawn", "source": "a letter"}
    for each in first_five:
        path = f"/v1/contacts/{each['member_id']}/consents"
        assert (await admin.post(path, json=said)).status_code == 201
    answers = []
    for _ in range(2):
        answer = await admin.post(f"{PATH}/{one['id']}/members/mark", json={"status": "sent"})
        assert answer.status_code == 200, answer.text
        answers.append((answer.json()["marked"], answer.json()["has_more"], answer.json()["refused"]["refused"]))  # fmt: skip
    assert answers == [(2, True, 5), (1, False, 5)]


async def test_a_merge_moves_members_an_undoing_brings_them_back_an_erasure_takes_them(
    organisation: Organisation, client: Clients
) -> None:
    admin = client(organisation.admin)
    kept, double = await people(admin, 2)
    one = await made(admin, consent="not_refused")
    await added(admin, one["id"], resource="contacts", ids=[double])
    body = {"resource": "contacts", "survivor_id": kept, "source_ids": [double]}
    merged = await admin.post("/v1/merges", json=body)
    assert merged.status_code == 201, merged.text
    [member] = await members(admin, one["id"])
    assert (member["member_id"], member["version"]) == (kept, 2)
    again = await added(admin, one["id"], resource="contacts", ids=[kept])
    assert (again["added"], again["already"]) == (0, 1)
    undone = await admin.post(f"/v1/merges/{merged.json()['id']}/undo")
    assert undone.status_code == 200, undone.text
    [member] = await members(admin, one["id"])
    assert (member["member_id"], member["version"]) == (double, 3)
    await admin.post(
        f"{PATH}/{one['id']}/members/mark",
        json={"status": "responded", "members": [{"member_id": double, "answers": {"says": "Autumncanary"}}]},
    )  # fmt: skip
    path = f"/v1/contacts/{double}/erase"
    erased = await admin.post(path, json={"reason": "subject_request"})
    assert erased.status_code in (200, 202), erased.text
    assert await members(admin, one["id"]) == []
    events = await admin.get("/v1/events", params={"types": "contacts.campaign_member.*"})
    assert "Autumncanary" not in events.text
    last = events.json()[-1]
    assert last["type"].endswith("campaign_member.erased"), events.text

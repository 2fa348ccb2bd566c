"""Merges of tickets: what moves, what answers, who may."""

from typing import Any

import pytest

from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, in_role, made, moved, told_of
from tests.tickets.conftest import Known
from tests.tickets.merging import MERGES, comments, merge, merged, pair, read, said


async def test_everything_said_moves_and_stays_what_it_was(
    client: Clients, company: Organisation
) -> None:
    rep, rep2 = client(company.rep), client(company.rep2)
    kept, gone = await pair(rep)
    await said(rep, kept, "1")
    reply = await said(rep2, gone, "2", mention_ids=[str(company.rep.id)])
    note = await said(rep2, gone, "3", visibility="internal")
    await said(rep, kept, "4")
    done = await merged(rep, kept, gone)
    assert (done["moved"], done["status"]) == ({"comments": 1}, "done")
    found = await comments(rep, kept)
    assert [one["body"] for one in found] == ["1", "2", "3", "4"]
    for before, now in ((reply, found[1]), (note, found[2])):
        assert (now["ticket_id"], now["written_on_id"]) == (kept["id"], gone["id"])
        for name in ("id", "author_id", "author_kind", "visibility", "created_at", "mention_ids"):
            assert now[name] == before[name], name
        assert now["version"] == before["version"] + 1
    assert await told_of(rep, reply["id"]) == ["tickets.comment.created", "tickets.comment.updated"]
    assert await told_of(rep, note["id"]) == ["tickets.note.created", "tickets.note.updated"]
    assert (await told_of(rep, kept["id"]))[-1] == "tickets.ticket.merged"
    events = (await rep.get("/v1/events?limit=1000&types=tickets.ticket.merged")).json()
    assert events[0]["data"]["before"]["merge"] == {"id": done["id"], "source_ids": [gone["id"]]}
    # Its author still corrects it where it is now.
    changed = await rep2.patch(f"{PATH}/{kept['id']}/comments/{reply['id']}", json={"body": "2b"})
    assert changed.status_code == 200


async def test_the_number_and_the_id_still_answer(client: Clients, company: Organisation) -> None:
    rep, other = client(company.rep), client(company.other_rep)
    kept, gone = await pair(rep)
    top = await made(rep, "Top")
    await merged(rep, kept, gone)
    await merged(rep, top, kept)
    for ticket in (gone, kept):
        answer = await rep.get(f"{PATH}/{ticket['id']}")
        assert (answer.status_code, answer.headers["location"]) == (308, f"{PATH}/{top['id']}")
        assert (await other.get(f"{PATH}/{ticket['id']}")).status_code == 404
        listed = await rep.get(PATH, params={"q": ticket["number"]})
        assert [row["id"] for row in listed.json()["data"]] == [top["id"]]
        batch = await rep.post(f"{PATH}/batch", json={"mode": "independent", "operations": [
            {"op": "update", "match": {"field": "number", "value": ticket["number"]},
             "data": {"urgency": "high"}}]})  # fmt: skip
        assert batch.json()["results"][0]["id"] == top["id"], batch.text
    assert (await read(rep, top))["merged_numbers"] == [kept["number"], gone["number"]]
    assert (await made(rep))["number"] == "TK-000004"
    # Words that are written anew keep the numbers.
    await rep.patch(f"{PATH}/{top['id']}", json={"subject": "Renamed"})
    assert (await rep.get(PATH, params={"q": gone["number"]})).json()["data"] != []


async def test_a_ticket_that_is_gone_takes_nothing_and_comes_back_by_undoing_alone(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    kept, gone = await pair(rep)
    comment = await said(rep, gone)
    await merged(rep, kept, gone)
    path = f"{PATH}/{gone['id']}"
    for method, place, sent in (
        ("POST", "/comments", {"body": "x"}), ("POST", "/move", {"status": "open"}),
        ("PATCH", "", {"subject": "x"}), ("PATCH", f"/comments/{comment['id']}", {"body": "x"}),
    ):  # fmt: skip
        assert (await rep.request(method, path + place, json=sent)).status_code == 404, place
    restored = await rep.post(f"{path}/restore")
    assert (restored.status_code, restored.json()["code"]) == (409, "merged_away")
    again = await merge(rep, await made(rep), gone)
    assert (again.status_code, again.json()["code"]) == (409, "merged_away")
    assert list(again.json()["errors"]) == ["source_ids.0"]


async def test_tags_and_followers_unite_and_links_name_the_survivor(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    me, you = str(company.rep.id), str(company.rep2.id)
    kept = await made(rep, tags=["b"], follower_ids=[me])
    above = await made(rep, "Above")
    gone = await made(
        rep, tags=["a", "b"], follower_ids=[you, me], parent_id=above["id"],
        related_ids=[kept["id"], above["id"]],
    )  # fmt: skip
    child = await made(rep, parent_id=gone["id"])
    twin = await made(rep, duplicate_of_id=gone["id"])
    friend = await made(rep, related_ids=[gone["id"], above["id"], kept["id"]])
    done = await merged(rep, kept, gone)
    assert done["moved"] == {"parent_id": 1, "duplicate_of_id": 1, "related_ids": 1}
    now = await read(rep, kept)
    assert (now["tags"], now["follower_ids"]) == (["a", "b"], [me, you])
    assert (now["parent_id"], now["related_ids"]) == (above["id"], [above["id"]])
    assert (await read(rep, child))["parent_id"] == kept["id"]
    assert (await read(rep, twin))["duplicate_of_id"] == kept["id"]
    assert (await read(rep, friend))["related_ids"] == [kept["id"], above["id"]]


async def test_a_survivor_below_what_goes_into_it_takes_the_place_above(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    top = await made(rep, "Top")
    gone = await made(rep, parent_id=top["id"])
    between = await made(rep, parent_id=gone["id"])
    kept = await made(rep, parent_id=between["id"], duplicate_of_id=gone["id"])
    await merged(rep, kept, gone)
    now = await read(rep, kept)
    assert (now["parent_id"], now["duplicate_of_id"]) == (top["id"], None)
    assert (await read(rep, between))["parent_id"] == kept["id"]


async def test_what_may_not_be_merged_is_refused_and_nothing_is_half_done(
    client: Clients, company: Organisation, account: Known
) -> None:
    rep = client(company.rep)
    one, two = await account("A"), await account("B")
    kept, other = await made(rep, account_id=one), await made(rep, account_id=two)
    free = await made(rep)
    solved = await moved(rep, await made(rep), "solved")
    theirs = await made(client(company.other_rep))
    for survivor, sources, status, code, field in (
        (kept, [free, other], 409, "other_account", "source_ids.1"),
        (solved, [free], 409, "survivor_ended", "survivor_id"),
        (kept, [theirs], 404, "not_found", "source_ids.0"),
        (theirs, [kept], 404, "not_found", "survivor_id"),
    ):  # fmt: skip
        answer = await merge(rep, survivor, *sources)
        found = answer.json()
        assert (answer.status_code, found["code"], list(found["errors"])) == (status, code, [field])
    for sent in (
        {"source_ids": []}, {"source_ids": [kept["id"]]}, {"survivor_id": "x"}, {"more": 1},
        {"if_match": {theirs["id"]: 1}},
    ):  # fmt: skip
        whole = {"survivor_id": kept["id"], "source_ids": [free["id"]], **sent}
        assert (await rep.post(MERGES, json=whole)).status_code == 422, sent
    stale = await merge(rep, kept, free, if_match={free["id"]: 7})
    assert stale.status_code == 412
    for ticket in (kept, other, free, solved):
        assert await read(rep, ticket) == ticket
    assert (await rep.get(MERGES)).json()["data"] == []
    assert (await merge(rep, kept, other, across_accounts=True)).status_code == 201


async def test_a_ticket_of_nobody_does_not_bring_two_customers_together(
    client: Clients, company: Organisation, account: Known
) -> None:
    rep = client(company.rep)
    one, other = [await made(rep, account_id=await account(name)) for name in "AB"]
    free, kept = await made(rep), await made(rep)

    at_once = await merge(rep, kept, one, other)
    assert (at_once.status_code, list(at_once.json()["errors"])) == (409, ["source_ids.1"])
    await merged(rep, free, one)
    await merged(rep, kept, free)
    later = await merge(rep, kept, other)
    assert (later.status_code, later.json()["code"]) == (409, "other_account")
    assert (await merge(rep, kept, other, across_accounts=True)).status_code == 201


async def test_what_one_may_only_read_is_not_merged(client: Clients, company: Organisation) -> None:
    rep = client(company.rep)
    kept, gone = await pair(rep)
    partner = client(in_role(company.rep, "partner"))
    assert (await merge(partner, kept, gone)).status_code == 403


async def test_merges_are_seen_by_those_who_see_the_survivor(
    client: Clients, company: Organisation
) -> None:
    rep, other, admin = (client(company.users[name]) for name in ("rep", "other_rep", "admin"))
    kept, gone = await pair(rep)
    done = await merged(rep, kept, gone)
    path = f"{MERGES}/{done['id']}"
    assert (await rep.get(path)).json() == done
    for query in (f"survivor_id={kept['id']}", f"source_id={gone['id']}", "status=done"):
        listed = (await rep.get(f"{MERGES}?{query}")).json()["data"]
        assert [row["id"] for row in listed] == [done["id"]], query
    assert (await other.get(path)).status_code == 404
    assert (await other.post(f"{path}/undo")).status_code == 404
    assert (await other.get(MERGES)).json()["data"] == []
    await admin.patch(f"{PATH}/{kept['id']}", json={"assignee_id": str(company.other_rep.id)})
    assert (await other.get(path)).status_code == 200
    assert (await rep.get(path)).status_code == 404


async def test_notes_that_moved_are_not_told_of_to_who_may_not_read_them(
    client: Clients, company: Organisation
) -> None:
    manager = client(company.users["manager"])
    partner = client(in_role(company.rep, "partner"))
    kept, gone = await pair(partner)
    await said(manager, gone, "绝密Canary", visibility="internal")
    done = await merged(manager, kept, gone)
    assert done["moved"] == {}
    assert await comments(partner, kept) == []
    for place in ("/v1/events", f"{PATH}/{kept['id']}/history", f"{MERGES}/{done['id']}"):
        assert "Canary" not in (await partner.get(place)).text
        assert "note" not in (await partner.get(place)).text


@pytest.mark.parametrize("key", [None, "once"])
async def test_a_merge_that_is_sent_twice(
    client: Clients, company: Organisation, key: str | None
) -> None:
    rep = client(company.rep)
    kept, gone = await pair(rep)
    sent: dict[str, Any] = {"survivor_id": kept["id"], "source_ids": [gone["id"]]}
    headers = {"idempotency-key": key} if key else {}
    first, second = [await rep.post(MERGES, json=sent, headers=headers) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201 if key else 409)
    assert len((await rep.get(MERGES)).json()["data"]) == 1

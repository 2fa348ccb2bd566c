"""Undone merges: as it was, or what prevents it; what came since stays."""

from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made, moved, told_of
from tests.tickets.merging import comments, merged, pair, read, said, undo, without


async def test_everything_is_as_it_was(client: Clients, company: Organisation) -> None:
    rep = client(company.rep)
    above = await made(rep, "Above")
    kept = await made(rep, tags=["b"], follower_ids=[str(company.rep.id)])
    gone = await made(
        rep, tags=["a"], parent_id=above["id"], follower_ids=[str(company.rep2.id)],
        related_ids=[kept["id"]],
    )  # fmt: skip
    linked = [
        await made(rep, **links)
        for links in (
            {"parent_id": gone["id"]}, {"duplicate_of_id": gone["id"]},
            {"related_ids": [above["id"], gone["id"], kept["id"]]},
        )
    ]  # fmt: skip
    reply, note = await said(rep, gone), await said(rep, gone, visibility="internal")
    taken = await said(rep, gone, "Taken back")
    await rep.delete(f"{PATH}/{gone['id']}/comments/{taken['id']}")
    before = [await read(rep, each) for each in (kept, gone, *linked)]
    done = await merged(rep, kept, gone)
    assert (await read(rep, kept))["first_responded_at"] is not None
    undone = await undo(rep, done)
    assert (undone.status_code, undone.json()["status"], undone.json()["kept"]) == (
        200,
        "undone",
        [],
    )
    for was in before:
        assert without(await read(rep, was)) == without(was)
    assert await comments(rep, kept) == []
    for was, now in zip((reply, note), await comments(rep, gone), strict=True):
        assert without(now) == without(was)
    assert (await told_of(rep, kept["id"]))[-2:] == [
        "tickets.ticket.merged", "tickets.ticket.unmerged"]  # fmt: skip
    assert (await told_of(rep, gone["id"]))[-2:] == [
        "tickets.ticket.deleted", "tickets.ticket.restored"]  # fmt: skip
    assert (await rep.get(PATH, params={"q": gone["number"]})).json()["data"][0]["id"] == gone["id"]
    again = await undo(rep, done)
    assert (again.status_code, again.json()["code"]) == (409, "already_undone")
    await merged(rep, kept, gone)  # and once more


async def test_what_came_since_stays_with_the_survivor(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    kept, gone = await pair(rep, tags=["both"])
    old = await said(rep, gone, "Old")
    done = await merged(rep, kept, gone)
    new = await said(rep, kept, "New")
    await rep.patch(f"{PATH}/{kept['id']}", json={"tags": ["both", "later"], "subject": "Other"})
    await moved(rep, kept, "pending")
    assert (await undo(rep, done)).status_code == 200
    assert [one["id"] for one in await comments(rep, kept)] == [new["id"]]
    assert [one["id"] for one in await comments(rep, gone)] == [old["id"]]
    now = await read(rep, kept)
    assert (now["tags"], now["subject"], now["status"]) == (["both", "later"], "Other", "pending")
    # The moved reply was the first response; now the one that came since is.
    assert now["first_responded_at"] == new["created_at"]


async def test_what_changed_since_is_named_field_by_field_or_left(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    kept, gone, elsewhere = [await made(rep, name) for name in ("Kept", "Gone", "Elsewhere")]
    child = await made(rep, parent_id=gone["id"])
    replies = [await said(rep, gone, body) for body in "ab"]
    done = await merged(rep, kept, gone)
    await rep.patch(f"{PATH}/{child['id']}", json={"parent_id": elsewhere["id"]})
    split = await rep.post(
        f"{PATH}/{kept['id']}/split", json={"subject": "New", "comment_ids": [replies[0]["id"]]}
    )
    assert split.status_code == 201, split.text
    refused = await undo(rep, done)
    assert (refused.status_code, refused.json()["code"]) == (409, "undo_prevented")
    assert {(o["resource"], o["id"], o["field"]) for o in refused.json()["obstacles"]} == {
        ("tickets", child["id"], "parent_id"), ("ticket-comments", replies[0]["id"], "ticket_id")}  # fmt: skip
    assert (await rep.get(f"{PATH}/{gone['id']}")).status_code == 308
    forced = await undo(rep, done, "?force=true")
    assert (forced.status_code, len(forced.json()["kept"])) == (200, 2)
    assert [one["body"] for one in await comments(rep, gone)] == ["b"]
    assert [one["body"] for one in await comments(rep, split.json())] == ["a"]
    assert (await read(rep, child))["parent_id"] == elsewhere["id"]
    for query in ("?force=perhaps", "?more=1"):
        assert (await undo(rep, done, query)).status_code == 400


async def test_the_later_merge_is_undone_first(client: Clients, company: Organisation) -> None:
    rep = client(company.rep)
    a, b, c = [await made(rep, name) for name in "abc"]
    replies = [await said(rep, ticket, body) for ticket, body in ((a, "a"), (b, "b"), (c, "c"))]
    first, second = await merged(rep, b, a), await merged(rep, c, b)
    assert [one["written_on_id"] for one in await comments(rep, c)] == [a["id"], b["id"], None]
    refused = await undo(rep, first, "?force=true")
    assert (refused.status_code, refused.json()["code"]) == (409, "undo_prevented")
    for done in (second, first):
        answer = await undo(rep, done)
        assert answer.status_code == 200, answer.text
    for ticket, reply in zip((a, b, c), replies, strict=True):
        [now] = await comments(rep, ticket)
        assert without(now) == without(reply)


async def test_a_place_that_was_merged_away_since_is_not_given_back(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    gone, other = await made(rep, "Gone"), await made(rep, "Other")
    between = await made(rep, "Between", parent_id=gone["id"])
    kept = await made(rep, "Kept", parent_id=between["id"])
    done = await merged(rep, kept, gone)
    await rep.patch(f"{PATH}/{between['id']}", json={"parent_id": None})
    await merged(rep, other, between)
    refused = await undo(rep, done)
    assert refused.status_code == 409
    found = {(o["id"], o["field"], o["wanted"]) for o in refused.json()["obstacles"]}
    assert (kept["id"], "parent_id", between["id"]) in found
    assert (await undo(rep, done, "?force=true")).status_code == 200
    assert (await read(rep, kept))["parent_id"] is None


async def test_old_links_that_would_close_a_circle_refuse(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    kept, gone = await pair(rep)
    child = await made(rep, parent_id=gone["id"])
    done = await merged(rep, kept, gone)
    await undo(rep, done)
    done = await merged(rep, kept, gone)
    await rep.patch(f"{PATH}/{child['id']}", json={"parent_id": None})
    await rep.patch(f"{PATH}/{kept['id']}", json={"parent_id": child["id"]})
    await rep.patch(f"{PATH}/{kept['id']}", json={"parent_id": None})
    assert (await undo(rep, done)).status_code == 409  # the child stands elsewhere by now
    await rep.patch(f"{PATH}/{child['id']}", json={"parent_id": kept["id"]})
    assert (await undo(rep, done)).status_code == 200

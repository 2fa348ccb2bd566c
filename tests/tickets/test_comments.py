"""Replies and notes: who writes, who reads, what is told."""

import asyncio
from typing import Any

import httpx

from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, in_role, made, moved, told_of
from tests.tickets.conftest import Known

SECRET = "绝密Canary"


async def said(
    user: httpx.AsyncClient, ticket: dict[str, Any], body: str = "Hello", **more: Any
) -> dict[str, Any]:
    answer = await user.post(f"{PATH}/{ticket['id']}/comments", json={"body": body, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def bodies(user: httpx.AsyncClient, ticket: dict[str, Any], query: str = "") -> list[str]:
    answer = await user.get(f"{PATH}/{ticket['id']}/comments{query}")
    assert answer.status_code == 200, answer.text
    return [comment["body"] for comment in answer.json()["data"]]


async def test_replies_and_notes_stand_in_the_order_they_were_written(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    for n in range(5):
        await said(rep, ticket, str(n), visibility="internal" if n % 2 else "public")
    assert await bodies(rep, ticket) == ["0", "1", "2", "3", "4"]
    assert await bodies(rep, ticket, "?visibility=internal") == ["1", "3"]
    page, seen = await rep.get(f"{PATH}/{ticket['id']}/comments?limit=2"), []
    while True:
        seen += [comment["body"] for comment in page.json()["data"]]
        if not page.json()["page"]["has_more"]:
            break
        cursor = page.json()["page"]["next_cursor"]
        page = await rep.get(
            f"{PATH}/{ticket['id']}/comments", params={"limit": 2, "cursor": cursor}
        )
    assert seen == ["0", "1", "2", "3", "4"]


async def test_the_first_reply_is_the_first_response_and_a_note_is_none(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    await said(rep, ticket, visibility="internal")
    await said(rep, ticket, author_kind="requester")
    assert (await rep.get(f"{PATH}/{ticket['id']}")).json()["first_responded_at"] is None
    first = await said(rep, ticket)
    await said(rep, ticket)
    found = (await rep.get(f"{PATH}/{ticket['id']}")).json()
    assert found["first_responded_at"] == first["created_at"]
    assert (await told_of(rep, ticket["id"])).count("tickets.ticket.responded") == 1


async def test_replies_at_once_are_one_first_response(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    await asyncio.gather(*(said(rep, ticket, str(n)) for n in range(8)))
    assert (await rep.get(f"{PATH}/{ticket['id']}")).json()["version"] == 2
    assert len(await bodies(rep, ticket)) == 8


async def test_the_requesters_words_open_what_waited_for_them_and_what_was_solved(
    client: Clients, company: Organisation, person: Known
) -> None:
    rep = client(company.rep)
    ann = await person("Ann")
    for status, then, counted in (
        ("pending", "open", 0), ("solved", "open", 1), ("on_hold", "on_hold", 0), ("closed", "closed", 0),
    ):  # fmt: skip
        ticket = await moved(rep, await made(rep, requester_id=ann), status)
        comment = await said(rep, ticket, author_kind="requester")
        assert comment["author_id"] == ann
        now = (await rep.get(f"{PATH}/{ticket['id']}")).json()
        assert (now["status"], now["reopened_count"]) == (then, counted), status
    refused = await rep.post(
        f"{PATH}/{ticket['id']}/comments",
        json={"body": "x", "author_kind": "requester", "visibility": "internal"},
    )
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["author_kind"])


async def test_a_note_is_shown_to_nobody_who_may_not_read_notes(
    client: Clients, company: Organisation
) -> None:
    """A partner sees their own tickets and what was replied; of notes not even that there are some."""
    manager = client(company.users["manager"])
    partner_user = in_role(company.rep, "partner")
    partner = client(partner_user)
    ticket = await made(partner, "Mine")
    note = await said(manager, ticket, SECRET, visibility="internal")
    await said(manager, ticket, "We look into it")
    assert await bodies(manager, ticket) == [SECRET, "We look into it"]
    path = f"{PATH}/{ticket['id']}"
    assert await bodies(partner, ticket) == ["We look into it"]
    assert await bodies(partner, ticket, "?visibility=internal") == []
    assert (await partner.get(f"{path}/comments/{note['id']}")).status_code == 404
    for method in ("patch", "delete"):
        sent = {"json": {"body": "x"}} if method == "patch" else {}
        answer = await getattr(partner, method)(f"{path}/comments/{note['id']}", **sent)
        assert answer.status_code == 404, answer.text
    written = await partner.post(f"{path}/comments", json={"body": "x", "visibility": "internal"})
    assert written.status_code == 403
    for place in ("/v1/events", path, f"{path}/history", PATH, f"{PATH}?q=Canary"):
        assert SECRET not in (await partner.get(place)).text, place
    snapshot = (await partner.post("/v1/tickets/snapshot")).text
    assert "We look into it" in snapshot
    assert SECRET not in snapshot
    assert SECRET in (await manager.post("/v1/tickets/snapshot")).text


async def test_events_say_which_is_a_reply_and_which_a_note(
    client: Clients, company: Organisation
) -> None:
    rep, other = client(company.rep), client(company.other_rep)
    ticket = await made(rep)
    reply, note = await said(rep, ticket), await said(rep, ticket, visibility="internal")
    assert await told_of(rep, reply["id"]) == ["tickets.comment.created"]
    assert await told_of(rep, note["id"]) == ["tickets.note.created"]
    assert await told_of(other, reply["id"]) == await told_of(other, note["id"]) == []
    [event] = (await rep.get("/v1/events?types=tickets.comment.*")).json()
    assert event["data"]["state"]["visibility"] == "public"
    assert event["data"]["state"]["ticket_id"] == ticket["id"]


async def test_what_is_said_goes_with_its_ticket(client: Clients, company: Organisation) -> None:
    rep, other, admin = (client(company.users[name]) for name in ("rep", "other_rep", "admin"))
    ticket = await made(rep)
    await said(rep, ticket, SECRET)
    path = f"{PATH}/{ticket['id']}"
    assert (await other.get(f"{path}/comments")).status_code == 404
    given = await admin.patch(path, json={"assignee_id": str(company.other_rep.id)})
    assert given.status_code == 200, given.text
    assert await bodies(other, ticket) == [SECRET]
    assert (await rep.get(f"{path}/comments")).status_code == 404
    assert SECRET in (await other.post("/v1/tickets/snapshot")).text
    assert SECRET not in (await rep.post("/v1/tickets/snapshot")).text


async def test_only_the_author_corrects_or_takes_back(
    client: Clients, company: Organisation
) -> None:
    rep, rep2, admin = (client(company.users[name]) for name in ("rep", "rep2", "admin"))
    ticket = await made(rep)
    comment = await said(rep, ticket)
    path = f"{PATH}/{ticket['id']}/comments/{comment['id']}"
    assert (await rep2.patch(path, json={"body": "x"})).json()["code"] == "not_the_author"
    changed = await rep.patch(path, json={"body": "Better"}, headers={"if-match": '"1"'})
    assert (changed.status_code, changed.json()["body"]) == (200, "Better")
    assert (
        await rep.patch(path, json={"body": "x"}, headers={"if-match": '"1"'})
    ).status_code == 412
    assert (await rep.patch(path, json={"visibility": "internal"})).status_code == 422
    assert (await rep.get(path)).json() == changed.json()
    assert (await admin.delete(path)).status_code == 200
    assert await bodies(rep, ticket) == []


async def test_mentions_are_of_people_who_are_there(client: Clients, company: Organisation) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    comment = await said(rep, ticket, mention_ids=[str(company.rep2.id)])
    assert comment["mention_ids"] == [str(company.rep2.id)]
    refused = await rep.post(
        f"{PATH}/{ticket['id']}/comments", json={"body": "x", "mention_ids": [str(new_id())]}
    )
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["mention_ids"])


async def test_a_comment_with_the_clients_own_id_is_written_once(
    client: Clients, company: Organisation
) -> None:
    rep, id = client(company.rep), str(new_id())
    one, two = await made(rep), await made(rep)
    sent = {"id": id, "body": "Hello"}
    answers = [
        await rep.post(f"{PATH}/{ticket['id']}/comments", json={**sent, **more})
        for ticket, more in (
            (one, {}), (one, {}), (one, {"body": "x"}), (two, {}), (one, {"visibility": "internal"}),
        )
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [201, 200, 409, 409, 409]
    assert answers[1].json() == answers[0].json()


async def test_bad_parameters_are_named(client: Clients, company: Organisation) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    for query, field in (
        ("limit=0", "limit"), ("limit=x", "limit"), ("cursor=abc", "cursor"), ("cursor=W10=", "cursor"),
        ("visibility=secret", "visibility"), ("sort=id", "sort"), ("limit=1&limit=2", "limit"),
    ):  # fmt: skip
        answer = await rep.get(f"{PATH}/{ticket['id']}/comments?{query}")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field]), query


async def test_how_far_one_sees_what_is_said_is_how_far_one_sees_tickets(
    client: Clients, company: Organisation
) -> None:
    """Not what a role says of all the rest."""
    ticket = await made(client(company.rep))
    await said(client(company.rep), ticket, SECRET)
    await said(client(company.rep), ticket, SECRET, visibility="internal")
    narrow = client(company.rep2.but(visibility={"*": "all", "tickets": "own"}))
    wide = client(company.other_rep.but(visibility={"*": "own", "tickets": "all"}))
    for user, sees in ((narrow, False), (wide, True)):
        assert (SECRET in (await user.get("/v1/events")).text) == sees
        assert (SECRET in (await user.post("/v1/tickets/snapshot")).text) == sees

"""Merges at once, beside replies, moves, links and assignments: whole or not at all, and never stuck."""

import asyncio

from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made
from tests.tickets.merging import MERGES, comments, merge, merged, read, said, undo

ROUNDS = 6


async def test_of_two_merges_of_one_ticket_one_is_done(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    for _ in range(ROUNDS):
        a, b, c = [await made(rep, name) for name in "abc"]
        await said(rep, c, "c")
        answers = await asyncio.gather(
            merge(rep, a, c), merge(rep, b, c), merge(rep, a, b), merge(rep, b, a)
        )
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert any(answer.status_code == 201 for answer in answers)
        alive = [t for t in (a, b, c) if (await rep.get(f"{PATH}/{t['id']}")).status_code == 200]
        bodies = [one["body"] for ticket in alive for one in await comments(rep, ticket)]
        assert bodies == ["c"]


async def test_a_reply_beside_a_merge_is_on_the_survivor_or_refused(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    for _ in range(ROUNDS):
        kept, gone = await made(rep, "Kept"), await made(rep, "Gone")
        paths = [f"{PATH}/{ticket['id']}" for ticket in (kept, gone)]
        done, *answers = await asyncio.gather(
            merge(rep, kept, gone),
            *(rep.post(f"{p}/comments", json={"body": "x"}) for p in paths * 3),
            *(rep.post(f"{p}/move", json={"status": "open"}) for p in paths),
            *(rep.patch(p, json={"assignee_id": str(company.rep2.id)}) for p in paths),
            *(rep.patch(p, json={"related_ids": [t["id"]]}) for p, t in zip(paths, (gone, kept), strict=True)),
        )  # fmt: skip
        assert done.status_code == 201, done.text
        assert {answer.status_code for answer in answers} <= {200, 201, 404, 422}
        written = sum(answer.status_code == 201 for answer in answers)
        found = await comments(rep, kept)
        assert len(found) == written
        now = await read(rep, kept)
        assert gone["id"] not in now["related_ids"]


async def test_undone_once_by_many_and_beside_replies(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    kept, gone = await made(rep, "Kept"), await made(rep, "Gone")
    old = await said(rep, gone, "old")
    done = await merged(rep, kept, gone)
    *undone, reply, _ = await asyncio.gather(
        *(undo(rep, done) for _ in range(4)),
        rep.post(f"{PATH}/{kept['id']}/comments", json={"body": "new"}),
        rep.patch(f"{PATH}/{kept['id']}/comments/{old['id']}", json={"body": "old"}),
    )
    assert sorted(answer.status_code for answer in undone) == [200, 409, 409, 409]
    assert reply.status_code == 201
    assert [one["id"] for one in await comments(rep, gone)] == [old["id"]]
    assert [one["body"] for one in await comments(rep, kept)] == ["new"]


async def test_a_ring_of_merges_leaves_one(client: Clients, company: Organisation) -> None:
    rep = client(company.rep)
    tickets = [await made(rep, str(n)) for n in range(6)]
    for ticket in tickets:
        await said(rep, ticket, ticket["number"])
    ring = zip(tickets, [*tickets[1:], tickets[0]], strict=True)
    answers = await asyncio.gather(*(merge(rep, a, b) for a, b in ring))
    assert {answer.status_code for answer in answers} <= {201, 409}
    alive = (await rep.get(PATH)).json()["data"]
    said_on = [await comments(rep, ticket) for ticket in alive]
    bodies = [one["body"] for ones in said_on for one in ones]
    assert sorted(bodies) == [ticket["number"] for ticket in tickets]
    assert len((await rep.get(MERGES)).json()["data"]) == len(tickets) - len(alive)

"""Drafts: their author's alone, gone when sent."""

import asyncio

import httpx

from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from guanxi_tickets.drafts.leaving import forget_of
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, in_role, made
from tests.tickets.merging import comments, merged, pair, read, said, undo

SECRET = "绝密Canary"


async def put(
    user: httpx.AsyncClient, ticket: dict[str, str], body: str = SECRET, **more: object
) -> httpx.Response:
    return await user.put(f"{PATH}/{ticket['id']}/draft", json={"body": body, **more})


async def body_of(user: httpx.AsyncClient, ticket: dict[str, str]) -> str | None:
    answer = await user.get(f"{PATH}/{ticket['id']}/draft")
    if answer.status_code == 404:
        return None
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["body"]
    return found


async def test_a_draft_is_put_read_and_thrown_away(client: Clients, company: Organisation) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    path = f"{PATH}/{ticket['id']}/draft"
    assert (await rep.get(path)).status_code == 404
    assert (await rep.delete(path)).status_code == 404
    mentioned = [str(company.rep2.id)]
    first = await put(rep, ticket, "One", visibility="internal", mention_ids=mentioned)
    assert (first.status_code, first.json()["version"], first.headers["etag"]) == (200, 1, '"1"')
    second = await rep.put(path, json={"body": "Two"}, headers={"if-match": '"1"'})
    assert second.json()["visibility"] == "public"
    assert second.json()["mention_ids"] == []
    assert (await rep.get(path)).json() == second.json()
    for version in ('"1"', '"0"'):
        stale = await rep.put(path, json={"body": "x"}, headers={"if-match": version})
        assert (stale.status_code, stale.headers["etag"]) == (412, '"2"')
    assert (await rep.delete(path)).json() == second.json()
    assert await body_of(rep, ticket) is None
    assert (await read(rep, ticket))["version"] == 1
    for sent, field in (
        ({"body": ""}, "body"), ({}, "body"), ({"body": "x", "visibility": "secret"}, "visibility"),
        ({"body": "x", "mention_ids": [str(new_id())]}, "mention_ids"), ({"body": "x", "more": 1}, "more"),
        ({"body": "x" * 50_001}, "body"), ({"body": "\x00"}, "body"),
    ):  # fmt: skip
        answer = await rep.put(path, json=sent)
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [field]), sent


async def test_nobody_else_sees_it_anywhere(client: Clients, company: Organisation) -> None:
    rep, ticket = client(company.rep), await made(client(company.rep))
    assert (await put(rep, ticket)).status_code == 200
    path = f"{PATH}/{ticket['id']}"
    for name in ("rep2", "manager", "admin"):
        user = client(company.users[name])
        for place in (f"{path}/draft", f"{path}/comments", path, f"{path}/history", "/v1/events"):
            assert "Canary" not in (await user.get(place)).text, (name, place)
        assert "Canary" not in (await user.post("/v1/tickets/snapshot")).text
        assert (await user.delete(f"{path}/draft")).status_code == 404
        assert (await user.post(f"{path}/draft/send")).status_code == 404
        await put(user, ticket, name)
    assert await body_of(rep, ticket) == SECRET
    assert await body_of(client(company.rep2), ticket) == "rep2"
    other = client(company.other_rep)
    for answer in (await put(other, ticket), await other.post(f"{path}/draft/send")):
        assert answer.status_code == 404
    noteless = client(in_role(company.rep, "partner"))
    assert (await put(noteless, ticket, visibility="internal")).status_code == 403
    await put(rep, ticket, visibility="internal")
    assert await body_of(noteless, ticket) is None


async def test_it_is_gone_when_sent_once(client: Clients, company: Organisation) -> None:
    rep, ticket = client(company.rep), await made(client(company.rep))
    await put(rep, ticket, "Note", visibility="internal", mention_ids=[str(company.rep2.id)])
    await said(rep, ticket, "Another")
    assert await body_of(rep, ticket) == "Note"
    path = f"{PATH}/{ticket['id']}/draft/send"
    assert (await rep.post(path, headers={"if-match": '"7"'})).status_code == 412
    keyed = [await rep.post(path, headers={"idempotency-key": "send"}) for _ in range(2)]
    assert [answer.status_code for answer in keyed] == [201, 201]
    assert keyed[0].json() == keyed[1].json()
    assert (keyed[0].json()["visibility"], keyed[0].json()["body"]) == ("internal", "Note")
    assert await body_of(rep, ticket) is None
    await put(rep, ticket, "Reply")
    answers = await asyncio.gather(*(rep.post(path) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201] + [404] * 4
    assert [one["body"] for one in await comments(rep, ticket)] == ["Another", "Note", "Reply"]


async def test_drafts_put_at_once_are_one(client: Clients, company: Organisation) -> None:
    rep, ticket = client(company.rep), await made(client(company.rep))
    answers = await asyncio.gather(*(put(rep, ticket, str(n)) for n in range(6)))
    assert sorted(answer.json()["version"] for answer in answers) == [1, 2, 3, 4, 5, 6]
    path = f"{PATH}/{ticket['id']}/draft"
    answers = await asyncio.gather(
        *(rep.put(path, json={"body": "x"}, headers={"if-match": '"6"'}) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


async def test_it_goes_where_its_ticket_goes(client: Clients, company: Organisation) -> None:
    rep, rep2 = client(company.rep), client(company.rep2)
    kept, gone = await pair(rep)
    await put(rep, gone, "Moves")
    await put(rep2, gone, "Stays behind")
    await put(rep2, kept, "Begun here")
    done = await merged(rep, kept, gone)
    assert (await body_of(rep, kept), await body_of(rep2, kept)) == ("Moves", "Begun here")
    assert (await undo(rep, done)).status_code == 200
    assert (await body_of(rep, kept), await body_of(rep2, gone)) == ("Moves", "Stays behind")
    assert (await rep.delete(f"{PATH}/{kept['id']}")).status_code == 200
    assert (await rep.post(f"{PATH}/{kept['id']}/restore")).status_code == 200
    assert await body_of(rep, kept) is None


async def test_it_goes_with_its_author_and_in_time(
    client: Clients, company: Organisation, service_database: Database
) -> None:
    rep, rep2 = client(company.rep), client(company.rep2)
    ticket, old = await made(rep), await made(rep)
    for user, one in ((rep, ticket), (rep, old), (rep2, ticket)):
        await put(user, one)
    async with service_database.transaction(company.id) as connection:
        sql = "UPDATE ticket_drafts SET updated_at = now() - interval '91 days' WHERE organisation_id = $1 AND ticket_id::text = $2"
        await connection.execute(sql, company.id, old["id"])
        sql = "UPDATE directory_users SET active = false WHERE organisation_id = $1 AND id = $2"
        await connection.execute(sql, company.id, company.rep2.id)
    await forget_of(service_database, company.id)
    found = [await body_of(user, one) for user, one in ((rep, ticket), (rep, old), (rep2, ticket))]
    assert found == [SECRET, None, None]


async def test_files_go_with_it_and_wrong_ones_keep_it(
    client: Clients, company: Organisation
) -> None:
    rep, rep2 = client(company.rep), client(company.rep2)
    ticket = await made(rep)
    path = f"{PATH}/{ticket['id']}"
    await put(rep, ticket, "With files")
    own, other = [
        (await user.post(f"{path}/files", params={"name": "a.txt"}, content=b"x")).json()
        for user in (rep, rep2)
    ]
    for wrong in ([other["id"]], ["x"], "x"):
        refused = await rep.post(f"{path}/draft/send", json={"file_ids": wrong})
        assert refused.status_code == 422, refused.text
        assert "file_ids" in next(iter(refused.json()["errors"]))
    assert await body_of(rep, ticket) == "With files"
    sent = await rep.post(f"{path}/draft/send", json={"file_ids": [own["id"]]})
    assert (sent.status_code, sent.json()["file_ids"]) == (201, [own["id"]])
    assert await body_of(rep, ticket) is None

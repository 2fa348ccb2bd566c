"""Splits: what is taken out of a ticket, and the one that it becomes."""

import asyncio

from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, in_role, made, told_of
from tests.tickets.conftest import Known
from tests.tickets.merging import comments, merged, read, said, without


async def test_what_is_named_moves_to_a_new_ticket_of_the_same_people(
    client: Clients, company: Organisation, account: Known, person: Known
) -> None:
    rep = client(company.rep)
    ticket = await made(
        rep, account_id=await account(), requester_id=await person(), tags=["x"], urgency="high",
        kind="incident", assignee_id=str(company.rep2.id),
    )  # fmt: skip
    first = await said(rep, ticket, "1", author_kind="requester")
    second = await said(rep, ticket, "2")
    note = await said(rep, ticket, "3", visibility="internal")
    path = f"{PATH}/{ticket['id']}/split"
    version = (await read(rep, ticket))["version"]
    sent = {"subject": "Second", "comment_ids": [second["id"], note["id"]]}
    stale = await rep.post(path, json=sent, headers={"if-match": f'"{version - 1}"'})
    assert stale.status_code == 412
    headers = {"if-match": f'"{version}"', "idempotency-key": "split"}
    answer, again = [await rep.post(path, json=sent, headers=headers) for _ in range(2)]
    assert answer.status_code == 201, answer.text
    assert again.json() == answer.json()
    new = answer.json()
    for name in (
        "account_id",
        "requester_id",
        "tags",
        "urgency",
        "kind",
        "assignee_id",
        "priority",
    ):
        assert new[name] == ticket[name], name
    assert (new["number"], new["related_ids"]) == ("TK-000002", [ticket["id"]])
    assert new["first_responded_at"] is not None
    assert [one["id"] for one in await comments(rep, ticket)] == [first["id"]]
    moved = await comments(rep, new)
    for was, now in zip((second, note), moved, strict=True):
        assert without(now, "ticket_id", "written_on_id") == without(
            was, "ticket_id", "written_on_id"
        )
        assert now["written_on_id"] == ticket["id"]
    assert (await told_of(rep, ticket["id"]))[-1] == "tickets.ticket.split"
    links = (await rep.get(f"{PATH}/{ticket['id']}/links")).json()
    assert [each["id"] for each in links["related"]] == [new["id"]]
    await merged(rep, ticket, new)
    assert [one["written_on_id"] for one in await comments(rep, ticket)] == [None] * 3


async def test_what_is_not_here_any_more_is_not_taken_over(
    client: Clients, company: Organisation, service_database: Database
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    field = await admin.post("/v1/fields", json={
        "resource": "tickets", "key": "floor", "label": {"en": "Floor"}, "kind": "text"})  # fmt: skip
    assert field.status_code == 201, field.text
    ticket = await made(rep, custom={"floor": "3"}, assignee_id=str(company.rep2.id))
    reply = await said(rep, ticket)
    assert (await admin.delete(f"/v1/fields/{field.json()['id']}")).status_code == 200
    async with service_database.transaction(company.id) as connection:
        sql = "UPDATE directory_users SET active = false WHERE organisation_id = $1 AND id = $2"
        await connection.execute(sql, company.id, company.rep2.id)
    sent = {"subject": "x", "comment_ids": [reply["id"]]}
    new = await rep.post(f"{PATH}/{ticket['id']}/split", json=sent)
    assert new.status_code == 201, new.text
    assert (new.json()["custom"], new.json()["assignee_id"]) == ({}, str(company.rep.id))
    assert len(await comments(rep, new.json())) == 1


async def test_what_is_not_there_for_the_caller_is_named_and_nothing_is_made(
    client: Clients, company: Organisation
) -> None:
    rep, other = client(company.rep), client(company.other_rep)
    ticket, second = await made(rep), await made(rep)
    here, there = await said(rep, ticket), await said(rep, second)
    note = await said(rep, ticket, visibility="internal")
    path = f"{PATH}/{ticket['id']}/split"
    noteless = client(company.rep.but(permissions=["tickets:*"]))
    for user, ids, field in (
        (rep, [here["id"], there["id"]], "comment_ids.1"), (rep, [str(new_id())], "comment_ids.0"),
        (noteless, [note["id"]], "comment_ids.0"), (rep, [], "comment_ids"),
    ):  # fmt: skip
        answer = await user.post(path, json={"subject": "x", "comment_ids": ids})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [field]), answer.text
    sent = {"subject": "x", "comment_ids": [here["id"]]}
    assert (await other.post(path, json=sent)).status_code == 404
    assert (await client(in_role(company.rep, "partner")).post(path, json=sent)).status_code == 403
    assert (await rep.post(path, json={**sent, "subject": ""})).status_code == 422
    assert len((await rep.get(PATH)).json()["data"]) == 2
    assert (await made(rep))["number"] == "TK-000003"


async def test_splits_at_once_take_each_comment_once_and_numbers_in_order(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    replies = [await said(rep, ticket, str(n)) for n in range(4)]
    path = f"{PATH}/{ticket['id']}/split"
    answers = await asyncio.gather(
        *(
            rep.post(path, json={"subject": "x", "comment_ids": [reply["id"]]})
            for reply in replies * 2
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [422] * 4
    tickets = (await rep.get(f"{PATH}?sort=number")).json()["data"]
    assert [each["number"] for each in tickets] == [f"TK-{n:06d}" for n in range(1, 6)]
    assert [len(await comments(rep, each)) for each in tickets] == [0, 1, 1, 1, 1]

"""Files go where what they were sent with goes: merges, their undoing, splits."""

from tests.factories import Clients, Organisation
from tests.tickets.company import PATH
from tests.tickets.files.conftest import files_of, listed, put
from tests.tickets.merging import comments, merged, pair, said, undo


async def test_a_merge_brings_files_along_and_undone_gives_them_back(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    kept, gone = await pair(rep)
    alone, inner = await put(rep, gone), await put(rep, gone, visibility="internal")
    sent = await put(rep, gone, b"sent")
    reply = await said(rep, gone, file_ids=[sent["id"]])
    done = await merged(rep, kept, gone)
    assert done["moved"] == {"comments": 1, "files": 2}
    there = {file["id"]: file for file in await listed(rep, kept)}
    assert there.keys() == {alone["id"], inner["id"], sent["id"]}
    assert {file["written_on_id"] for file in there.values()} == {gone["id"]}
    assert (await rep.get(f"{files_of(kept)}/{sent['id']}/content")).content == b"sent"
    assert (await comments(rep, kept))[0]["file_ids"] == [sent["id"]]
    later = await put(rep, kept)
    since = await said(rep, kept, "Since", file_ids=[alone["id"]])
    assert (await undo(rep, done)).status_code == 200
    back = {file["id"] for file in await listed(rep, gone)}
    assert back == {inner["id"], sent["id"]}
    assert [one["id"] for one in await comments(rep, gone)] == [reply["id"]]
    # What was sent since with a reply on the survivor stays with the reply.
    assert {file["id"] for file in await listed(rep, kept)} == {alone["id"], later["id"]}
    assert (await comments(rep, kept))[0]["id"] == since["id"]


async def test_a_split_takes_the_files_of_what_it_takes(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket, _ = await pair(rep)
    alone = await put(rep, ticket)
    stays, goes = await put(rep, ticket), await put(rep, ticket)
    inner = await put(rep, ticket, visibility="internal")
    await said(rep, ticket, "Stays", file_ids=[stays["id"]])
    reply = await said(rep, ticket, "Goes", file_ids=[goes["id"]], author_kind="requester")
    note = await said(rep, ticket, "Note", visibility="internal", file_ids=[inner["id"]])
    sent = {"subject": "Second", "comment_ids": [reply["id"], note["id"]]}
    answer = await rep.post(f"{PATH}/{ticket['id']}/split", json=sent)
    assert answer.status_code == 201, answer.text
    new = answer.json()
    assert new["first_responded_at"] is None
    assert {file["id"] for file in await listed(rep, new)} == {goes["id"], inner["id"]}
    assert {file["id"] for file in await listed(rep, ticket)} == {alone["id"], stays["id"]}
    assert (await rep.get(f"{files_of(new)}/{goes['id']}/content")).status_code == 200
    assert (await rep.get(f"{files_of(ticket)}/{goes['id']}/content")).status_code == 404

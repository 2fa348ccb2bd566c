"""Files on a ticket: put there, looked at, fetched, taken away; internal ones for those who may read notes."""

import asyncio
import hashlib
from typing import Any

import pytest

from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.files.storage import storage_of
from guanxi_shared.files.sweeping import sweep_storage
from guanxi_shared.identifiers import new_id
from guanxi_tickets.files.sweeping import SWEEPING
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, in_role, made, told_of
from tests.tickets.files.conftest import PNG, BytesKept, files_of, listed, put

TEXT = "会议记录".encode()
SECRET = "绝密Canary"


async def test_a_file_is_kept_on_a_ticket_with_what_its_bytes_say(
    client: Clients, company: Organisation, bytes_kept: BytesKept
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    answer = await rep.post(
        files_of(ticket), params={"name": "../logo.exe"}, content=PNG,
        headers={"content-type": "application/pdf"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    file = answer.json()
    assert answer.headers["location"] == f"{files_of(ticket)}/{file['id']}"
    assert (file["name"], file["content_type"]) == ("logo.exe", "image/png")
    assert (file["size"], file["sha256"]) == (len(PNG), hashlib.sha256(PNG).hexdigest())
    assert (file["author_kind"], file["author_id"]) == ("agent", str(company.rep.id))
    assert (file["visibility"], file["comment_id"]) == ("public", None)
    assert "blob_id" not in file
    form = await rep.post(files_of(ticket), files={"file": ("笔记.txt", TEXT, "text/html")})
    assert (form.status_code, form.json()["name"]) == (201, "笔记.txt")
    assert await listed(rep, ticket) == [file, form.json()]
    one = await rep.get(f"{files_of(ticket)}/{file['id']}")
    assert one.json() == file
    content = await rep.get(f"{files_of(ticket)}/{form.json()['id']}/content")
    assert (content.content, content.headers["x-content-type-options"]) == (TEXT, "nosniff")
    part = await rep.get(f"{files_of(ticket)}/{file['id']}/content", headers={"range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, PNG[1:4])
    assert sorted(bytes_kept.contents()) == sorted([PNG, TEXT])
    assert bytes_kept.under_way() == []


async def test_whoever_does_not_see_the_ticket_leaves_not_a_byte(
    client: Clients, company: Organisation, other_organisation: Organisation, bytes_kept: BytesKept
) -> None:
    ticket = await made(client(company.rep))
    file = await put(client(company.rep), ticket)
    before = bytes_kept.contents()
    for user in (company.other_rep, other_organisation.admin):
        stranger = client(user)
        own = await made(stranger)
        for path in (files_of(ticket), f"{files_of(ticket)}/{file['id']}"):
            assert (await stranger.get(path)).status_code == 404
        assert (await stranger.post(files_of(ticket), content=TEXT)).status_code == 404
        # Nor by way of a ticket that they see.
        for path in (f"{files_of(own)}/{file['id']}", f"{files_of(own)}/{file['id']}/content"):
            assert (await stranger.get(path)).status_code == 404
        assert (await stranger.delete(f"{files_of(own)}/{file['id']}")).status_code == 404
    assert bytes_kept.contents() == before
    assert bytes_kept.under_way() == []


async def test_an_internal_file_is_not_there_for_who_may_not_read_notes(
    client: Clients, company: Organisation
) -> None:
    """A partner sees their own tickets; of internal files not even that there are some."""
    rep = client(company.rep)
    partner_user = in_role(company.rep, "partner")
    partner = client(partner_user)
    ticket = await made(partner, "Mine")
    seen = await put(partner, ticket, name="seen")
    hidden = await put(rep, ticket, SECRET.encode(), name=SECRET, visibility="internal")
    note = {"body": SECRET, "visibility": "internal", "file_ids": [hidden["id"]]}
    assert (await rep.post(f"{PATH}/{ticket['id']}/comments", json=note)).status_code == 201
    assert len(await listed(rep, ticket)) == 2
    assert await listed(partner, ticket) == [seen]
    one = f"{files_of(ticket)}/{hidden['id']}"
    answers = [
        await partner.get(one),
        await partner.get(f"{one}/content"),
        await partner.delete(one),
    ]
    assert [answer.status_code for answer in answers] == [404] * 3
    asked = {"visibility": "internal"}
    assert (await partner.get(files_of(ticket), params=asked)).json()["data"] == []
    assert (await partner.post(files_of(ticket), params=asked, content=b"x")).status_code == 403
    for place in ("/v1/events?limit=1000", f"{PATH}/{ticket['id']}/comments", files_of(ticket)):
        assert SECRET not in (await partner.get(place)).text, place
        assert SECRET in (await rep.get(place)).text, place
    assert SECRET not in (await partner.post("/v1/tickets/snapshot")).text
    taken = await partner.post(
        f"{PATH}/{ticket['id']}/comments", json={"body": "x", "file_ids": [hidden["id"]]}
    )
    assert (taken.status_code, list(taken.json()["errors"])) == (422, ["file_ids.0"])


async def test_a_reply_takes_its_files_with_it_and_shows_them(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    files = [await put(rep, ticket, name=f"{n}.txt") for n in range(2)]
    sent = {"body": "See these", "file_ids": [file["id"] for file in files], "id": str(new_id())}
    path = f"{PATH}/{ticket['id']}/comments"
    answer, again = await rep.post(path, json=sent), await rep.post(path, json=sent)
    assert (answer.status_code, again.status_code) == (201, 200)
    reply = answer.json()
    assert reply["file_ids"] == sent["file_ids"]
    assert (await rep.get(path)).json()["data"] == [reply]
    assert [file["comment_id"] for file in await listed(rep, ticket)] == [reply["id"]] * 2
    twice = await rep.post(path, json={"body": "x", "file_ids": sent["file_ids"]})
    assert (twice.status_code, list(twice.json()["errors"])) == (422, ["file_ids.0"])
    await rep.delete(f"{files_of(ticket)}/{files[0]['id']}")
    assert (await rep.get(f"{path}/{reply['id']}")).json()["file_ids"] == [files[1]["id"]]
    await rep.delete(f"{path}/{reply['id']}")
    assert await listed(rep, ticket) == []
    content = await rep.get(f"{files_of(ticket)}/{files[1]['id']}/content")
    assert content.status_code == 404
    assert await told_of(rep, files[1]["id"]) == [
        "tickets.file.created", "tickets.file.updated", "tickets.file.deleted",
    ]  # fmt: skip


async def test_a_reply_takes_only_what_its_author_put_on_that_ticket_for_the_same_eyes(
    client: Clients, company: Organisation
) -> None:
    rep, other = client(company.rep), client(company.rep2)
    ticket, elsewhere = await made(rep), await made(rep)
    gone = await put(rep, ticket)
    await rep.delete(f"{files_of(ticket)}/{gone['id']}")
    own = await put(rep, ticket)
    wrong = {
        "another's": await put(other, ticket),
        "another ticket's": await put(rep, elsewhere),
        "internal": await put(rep, ticket, visibility="internal"),
        "taken away": gone,
        "not there": {"id": str(new_id())},
    }
    path = f"{PATH}/{ticket['id']}/comments"
    for name, file in wrong.items():
        sent = {"body": "x", "file_ids": [own["id"], file["id"]]}
        answer = await rep.post(path, json=sent)
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["file_ids.1"]), name
    note = {"body": "x", "visibility": "internal", "file_ids": [own["id"]]}
    assert (await rep.post(path, json=note)).status_code == 422
    assert (await rep.get(path)).json()["data"] == []
    assert (await rep.post(path, json={"body": "x", "file_ids": [own["id"]]})).status_code == 201


async def test_a_file_is_sent_once_though_many_send_it(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    file = await put(rep, ticket)
    path = f"{PATH}/{ticket['id']}/comments"
    answers = await asyncio.gather(
        *(rep.post(path, json={"body": str(n), "file_ids": [file["id"]]}) for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 7
    assert len((await rep.get(path)).json()["data"]) == 1


async def test_only_who_put_it_there_or_an_admin_takes_it_away(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    file, second = await put(rep, ticket), await put(rep, ticket)
    path = f"{files_of(ticket)}/{file['id']}"
    refused = await client(company.rep2).delete(path)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_the_author")
    stale = await rep.delete(path, headers={"if-match": '"9"'})
    assert stale.status_code == 412
    assert (await rep.delete(path)).status_code == 200
    assert (await rep.delete(path)).status_code == 404
    admin = await client(company.admin).delete(f"{files_of(ticket)}/{second['id']}")
    assert admin.status_code == 200, admin.text


@pytest.mark.parametrize(
    ("query", "field"),
    [("color=red", "color"), ("id=x", "id"), ("visibility=secret", "visibility"),
     ("visibility=public&visibility=internal", "visibility"), ("name=a&name=b", "id")],
)  # fmt: skip
async def test_a_wrong_parameter_is_named(
    client: Clients, company: Organisation, query: str, field: str
) -> None:
    rep = client(company.rep)
    answer = await rep.post(f"{files_of(await made(rep))}?{query}", content=TEXT)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


async def test_programs_and_what_is_too_long_are_refused(
    client: Clients, company: Organisation, tickets: Edge, bytes_kept: BytesKept,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    rep = client(company.rep)
    path = files_of(await made(rep))
    program = await rep.post(path, content=b"MZ\x90\0" + b"\0" * 100)
    assert (program.status_code, program.json()["code"]) == (415, "type_not_allowed")
    monkeypatch.setattr(tickets.state.house.settings, "max_file_bytes", 1000)
    assert (await rep.post(path, content=b"x" * 2000)).status_code == 413
    assert bytes_kept.contents() == []


async def test_the_clients_own_id_makes_one_file_of_one_ticket(
    client: Clients, company: Organisation, bytes_kept: BytesKept
) -> None:
    rep = client(company.rep)
    ticket, other = await made(rep), await made(rep)
    asked = {"id": str(new_id()), "name": "a"}
    answers = [
        await rep.post(files_of(ticket), params=asked, content=TEXT),
        await rep.post(files_of(ticket), params=asked, content=TEXT),
        await rep.post(files_of(ticket), params=asked, content=b"other"),
        await rep.post(files_of(other), params=asked, content=TEXT),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 409, 409]
    assert bytes_kept.contents() == [TEXT]


async def test_files_follow_their_ticket_to_another_team(
    client: Clients, company: Organisation
) -> None:
    rep, stranger = client(company.rep), client(company.other_rep)
    ticket = await made(rep)
    for visibility in ("public", "internal"):
        await put(rep, ticket, name=SECRET, visibility=visibility)
    assert SECRET not in (await stranger.get("/v1/events?limit=1000")).text
    handed = await client(company.admin).patch(
        f"{PATH}/{ticket['id']}", json={"assignee_id": str(company.other_rep.id)}
    )
    assert handed.status_code == 200
    assert len(await listed(stranger, ticket)) == 2
    snapshot: Any = (await stranger.post("/v1/tickets/snapshot")).text
    assert snapshot.count(SECRET) == 2


async def test_bytes_of_deleted_files_go_after_a_month_and_no_others(
    client: Clients, company: Organisation, service_database: Database, tickets: Edge,
    bytes_kept: BytesKept,
) -> None:  # fmt: skip
    rep = client(company.rep)
    ticket = await made(rep)
    await put(rep, ticket, b"kept")
    for visibility in ("public", "internal"):
        file = await put(rep, ticket, b"gone", visibility=visibility)
        await rep.delete(f"{files_of(ticket)}/{file['id']}")
    settings = tickets.state.house.settings
    storage = storage_of(settings, "local")
    await sweep_storage(service_database, storage, settings, SWEEPING)
    assert len(bytes_kept.contents()) == 3
    now = settings.model_copy(update={"deleted_files_kept_days": 0})
    await sweep_storage(service_database, storage, now, SWEEPING)
    assert bytes_kept.contents() == [b"kept"]

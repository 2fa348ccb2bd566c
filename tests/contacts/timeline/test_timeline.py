"""Timelines: everything about a record, newest first, and nothing that its reader may not see."""

from typing import Any

import pytest

from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.statements import statements_of


async def made(client: Any, path: str, **sent: Any) -> dict[str, Any]:
    answer = await client.post(path, json=sent)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def timeline(client: Any, path: str, **asked: Any) -> list[dict[str, Any]]:
    answer = await client.get(f"{path}/timeline", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def whole(client: Any, path: str, **asked: Any) -> list[dict[str, Any]]:
    """All pages, one after the other."""
    found: list[dict[str, Any]] = []
    while True:
        answer = (await client.get(f"{path}/timeline", params=asked)).json()
        found += answer["data"]
        if not answer["page"]["has_more"]:
            assert answer["page"]["next_cursor"] is None
            return found
        asked["cursor"] = answer["page"]["next_cursor"]


@pytest.fixture
async def account(client: Clients, organisation: Organisation) -> str:
    """With something of every kind but what others tell."""
    rep = client(organisation.rep)
    account = await made(rep, "/v1/accounts", name="Weilai")
    path = f"/v1/accounts/{account['id']}"
    note = {"kind": "note", "subject": "First talk", "body": "x" * 400}
    await made(rep, "/v1/activities", **note, account_ids=[account["id"]])
    visit = {"kind": "visit", "subject": "Plant", "starts_at": "2090-01-01T06:00:00Z"}
    await made(rep, "/v1/activities", **visit, account_ids=[account["id"]])
    moved = await rep.post(f"{path}/standing", json={"grade": "A", "reason": "Big order"})
    assert moved.status_code == 200, moved.text
    file = {"name": "offer.txt", "account_id": account["id"]}
    assert (await rep.post("/v1/files", params=file, content=b"offer")).status_code == 201
    twin = await made(rep, "/v1/accounts", name="Weilai twin")
    asked = {"resource": "accounts", "survivor_id": account["id"], "source_ids": [twin["id"]]}
    merge = await made(rep, "/v1/merges", **asked)
    assert merge["survivor_id"] == account["id"]
    assert (await rep.patch(path, json={"industry": "retail"})).status_code == 200
    return path


async def test_an_account_shows_all_that_happened_newest_first(
    client: Clients, organisation: Organisation, account: str
) -> None:
    entries = await timeline(client(organisation.rep), account)
    kinds = [(entry["kind"], entry["type"]) for entry in entries]
    assert kinds == [
        ("activity", "visit"), ("change", "contacts.account.updated"), ("merge", "merged"),
        ("file", "text/plain"), ("standing", "grade"), ("activity", "note"),
        ("change", "contacts.account.created"),
    ]  # fmt: skip
    visit, change, _, file, standing, note, _ = entries
    assert visit["at"] == "2090-01-01T06:00:00Z" == visit["data"]["starts_at"]
    assert (change["data"]["before"], change["data"]["after"]) == (
        {"industry": None},
        {"industry": "retail"},
    )
    assert (file["title"], file["subject"]["type"]) == ("offer.txt", "file")
    assert (standing["title"], standing["summary"]) == ("grade: – → A", "Big order")
    assert len(note["summary"]) == 280
    who = {"id": str(organisation.rep.id), "name": "rep"}
    assert [entry["actor"] for entry in entries] == [who] * len(entries)


async def test_a_person_shows_consents_and_their_own_activities(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    person = await made(rep, "/v1/contacts", name="王芳")
    path = f"/v1/contacts/{person['id']}"
    said = {"channel": "email", "purpose": "marketing", "status": "granted", "source": "form"}
    await made(rep, f"{path}/consents", **said, given_at="2020-01-01T00:00:00Z")
    await made(rep, "/v1/activities", kind="note", subject="Hi", contact_ids=[person["id"]])
    await made(rep, "/v1/activities", kind="note", subject="Of nobody")
    entries = await timeline(rep, path)
    assert [entry["kind"] for entry in entries] == ["activity", "change", "consent"]
    assert entries[2]["title"] == "email:marketing granted"


async def test_pages_join_to_the_whole_whatever_is_written_meanwhile(
    client: Clients, organisation: Organisation, account: str
) -> None:
    rep = client(organisation.rep)
    at_once = [entry["id"] for entry in await timeline(rep, account)]
    assert [entry["id"] for entry in await whole(rep, account, limit=1)] == at_once
    first = (await rep.get(f"{account}/timeline", params={"limit": 3})).json()
    ids = [account.rpartition("/")[2]]
    await made(rep, "/v1/activities", kind="note", subject="Now", account_ids=ids)
    rest = await whole(rep, account, limit=2, cursor=first["page"]["next_cursor"])
    assert [entry["id"] for entry in [*first["data"], *rest]] == at_once


async def test_entries_of_one_moment_are_told_apart_by_their_ids(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    account = await made(rep, "/v1/accounts", name="Busy")
    for number in range(5):
        call = {"kind": "call", "subject": str(number), "starts_at": "2030-01-01T00:00:00Z"}
        await made(rep, "/v1/activities", **call, account_ids=[account["id"]])
    path = f"/v1/accounts/{account['id']}"
    ids = [entry["id"] for entry in await whole(rep, path, limit=2, kind="activity")]
    assert len(ids) == 5
    assert ids == sorted(ids, reverse=True)


async def test_kinds_and_times_narrow_it(
    client: Clients, organisation: Organisation, account: str
) -> None:
    rep = client(organisation.rep)
    some = await timeline(rep, account, kind="file,standing")
    assert [entry["kind"] for entry in some] == ["file", "standing"]
    later = await timeline(rep, account, **{"from": "2090-01-01T06:00:00Z"})
    assert [entry["type"] for entry in later] == ["visit"]
    assert len(await timeline(rep, account, to="2090-01-01T06:00:00Z")) == 6
    assert await timeline(rep, account, kind="external") == []


BAD = [
    ("kind", "nothing"), ("kind", "consent"), ("limit", "0"), ("limit", "201"), ("limit", "x"),
    ("cursor", "x"), ("cursor", "99999999999999999999-" + "0" * 32), ("cursor", "5-" + "z" * 32),
    ("from", "soon"), ("to", "0001-01-01T00:00:00+10:00"), ("colour", "red"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
async def test_what_cannot_be_read_is_named(
    client: Clients, organisation: Organisation, name: str, value: str
) -> None:
    rep = client(organisation.rep)
    account = await made(rep, "/v1/accounts", name="Acme")
    answer = await rep.get(f"/v1/accounts/{account['id']}/timeline", params={name: value})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [name]


async def test_what_is_deleted_is_not_told_and_a_deleted_record_has_no_timeline(
    client: Clients, organisation: Organisation, account: str
) -> None:
    rep = client(organisation.rep)
    for entry in await timeline(rep, account, kind="activity"):
        await rep.delete(f"/v1/activities/{entry['id']}")
    (file,) = await timeline(rep, account, kind="file")
    await rep.delete(f"/v1/files/{file['id']}")
    assert await timeline(rep, account, kind="activity,file") == []
    await rep.delete(account)
    assert (await rep.get(f"{account}/timeline")).status_code == 404


async def test_others_activities_are_left_out_and_so_are_kinds_without_permission(
    client: Clients, organisation: Organisation, account: str
) -> None:
    ids = [account.rpartition("/")[2]]
    rep, manager = client(organisation.rep), client(organisation.manager)
    secret = await made(manager, "/v1/activities", kind="note", subject="Secret", account_ids=ids)
    assert secret["id"] not in [entry["id"] for entry in await timeline(rep, account)]
    assert secret["id"] in [entry["id"] for entry in await timeline(manager, account)]
    narrow = client(organisation.rep.but(permissions=("accounts:read",)))
    kinds = {entry["kind"] for entry in await timeline(narrow, account)}
    assert kinds == {"standing", "merge", "change"}
    assert await timeline(narrow, account, kind="activity") == []
    for stranger in (organisation.rep2, organisation.other_rep):
        assert (await client(stranger).get(f"{account}/timeline")).status_code == 404


@pytest.mark.usefixtures("remembered")
async def test_a_timeline_is_one_statement(
    client: Clients, organisation: Organisation, service_database: Database, account: str
) -> None:
    rep = client(organisation.rep)
    await rep.get(f"{account}/timeline")
    with statements_of(service_database) as seen:
        assert (await rep.get(f"{account}/timeline")).status_code == 200
    assert len(seen) == 1

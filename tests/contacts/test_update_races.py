"""Updates that are tried without a lock, raced: what was answered is what is there and what was told."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from uuid import UUID

import httpx
import pytest

from guanxi_shared.db import Connection, Database
from guanxi_shared.deferred import Deferred
from tests.contacts.merges.merging import WAITING, until_somebody_waits
from tests.deadlines import until
from tests.factories import Clients, Organisation
from tests.prepared import Clone
from tests.replaying import Consumer, listed
from tests.torture.checks import check_rows

ROUNDS = 10


async def as_told(admin: httpx.AsyncClient, database: Clone, organisation: UUID) -> None:
    """The tables, the feed and what is kept beside the columns agree."""
    told = await Consumer().follow(admin, page=1000)
    for noun, path in {"account": "accounts", "contact": "contacts", "file": "files"}.items():
        assert await listed(admin, f"/v1/{path}") == told.of(noun)
    assert await check_rows(database.admin_url, organisation) == []


async def patched(user: httpx.AsyncClient, path: str, **fields: Any) -> int:
    answer = await user.patch(path, json=fields)
    return answer.status_code


async def test_places_that_are_emptied_and_filled_at_once(
    client: Clients, organisation: Organisation, database: Clone
) -> None:
    admin = client(organisation.admin)
    account = (await admin.post("/v1/accounts", json={"name": "Acme"})).json()["id"]
    person = (await admin.post("/v1/contacts", json={"name": "Ada"})).json()["id"]
    path, places = f"/v1/contacts/{person}", [{"account_id": account}]
    for _ in range(ROUNDS):
        asked = [[], places, [], places, []]
        answers = await asyncio.gather(*(patched(admin, path, accounts=each) for each in asked))
        assert set(answers) == {200}
    await as_told(admin, database, organisation.id)


async def overtaken(
    patch: pytest.MonkeyPatch, slow: Coroutine[Any, Any, int], quick: Coroutine[Any, Any, int]
) -> tuple[int, int]:
    """The slow request begins its transaction only after the quick one has had its answer."""
    reached, may_go, original = asyncio.Event(), asyncio.Event(), Deferred.open

    async def held(self: Deferred) -> Connection:
        if not reached.is_set():
            reached.set()
            await may_go.wait()
        return await original(self)

    patch.setattr(Deferred, "open", held)
    first = asyncio.create_task(slow)
    await asyncio.wait_for(reached.wait(), 10)
    second = await quick
    may_go.set()
    return await first, second


async def test_places_that_were_none_are_none_again_though_some_came_meanwhile(
    client: Clients, organisation: Organisation, database: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = client(organisation.admin)
    account = (await admin.post("/v1/accounts", json={"name": "Acme"})).json()["id"]
    path = f"/v1/contacts/{(await admin.post('/v1/contacts', json={'name': 'Ada'})).json()['id']}"
    places = [{"account_id": account}]
    slow, quick = patched(admin, path, accounts=[]), patched(admin, path, accounts=places)
    assert await overtaken(monkeypatch, slow, quick) == (200, 200)
    assert (await admin.get(path)).json()["accounts"] == []
    await as_told(admin, database, organisation.id)


@pytest.mark.parametrize("is_linked", [False, True])
async def test_links_that_are_set_as_they_were_though_they_changed_meanwhile(
    client: Clients, organisation: Organisation, database: Clone, monkeypatch: pytest.MonkeyPatch,
    is_linked: bool,
) -> None:  # fmt: skip
    admin = client(organisation.admin)
    one, other = [
        {"type": "account", "id": (await admin.post("/v1/accounts", json={"name": n})).json()["id"]}
        for n in ("one", "other")
    ]
    asked = {"name": "a.txt"} | ({"account_id": one["id"]} if is_linked else {})
    file = (await admin.post("/v1/files", params=asked, content=b"a")).json()
    path = f"/v1/files/{file['id']}"
    slow = patched(admin, path, links=file["links"])
    assert await overtaken(monkeypatch, slow, patched(admin, path, links=[other])) == (200, 200)
    assert (await admin.get(path)).json()["links"] == file["links"]
    await as_told(admin, database, organisation.id)


async def test_links_of_a_file_that_are_changed_at_once(
    client: Clients, organisation: Organisation, database: Clone
) -> None:
    admin = client(organisation.admin)
    one, other = [
        (await admin.post("/v1/accounts", json={"name": n})).json()["id"] for n in ("one", "other")
    ]
    file = (await admin.post("/v1/files", params={"name": "a.txt"}, content=b"a")).json()["id"]
    path = f"/v1/files/{file}"
    links = [[], [{"type": "account", "id": one}], [{"type": "account", "id": other}]]
    for _ in range(ROUNDS):
        answers = await asyncio.gather(*(patched(admin, path, links=each) for each in links * 2))
        assert set(answers) == {200}
    await as_told(admin, database, organisation.id)


Rival = Callable[[httpx.AsyncClient, str, str, Organisation], Awaitable[httpx.Response]]


async def erase(
    admin: httpx.AsyncClient, path: str, other: str, organisation: Organisation
) -> httpx.Response:
    return await admin.post(f"{path}/erase", json={"reason": "subject_request"})


async def merge_away(
    admin: httpx.AsyncClient, path: str, other: str, organisation: Organisation
) -> httpx.Response:
    _, _, resource, id = path.split("/")
    asked = {"resource": resource, "survivor_id": other, "source_ids": [id]}
    return await admin.post("/v1/merges", json=asked)


async def merge_into(
    admin: httpx.AsyncClient, path: str, other: str, organisation: Organisation
) -> httpx.Response:
    _, _, resource, id = path.split("/")
    asked = {"resource": resource, "survivor_id": id, "source_ids": [other]}
    return await admin.post("/v1/merges", json=asked)


async def hand_on(
    admin: httpx.AsyncClient, path: str, other: str, organisation: Organisation
) -> httpx.Response:
    return await admin.patch(path, json={"owner_id": str(organisation.rep2.id)})


async def delete(
    admin: httpx.AsyncClient, path: str, other: str, organisation: Organisation
) -> httpx.Response:
    return await admin.delete(path)


@pytest.mark.parametrize("rival", [erase, merge_away, merge_into, hand_on, delete])
@pytest.mark.parametrize(
    "sent",
    [{"title": "Canary"}, {"name": "Canary", "emails": []}, {"owner_id": None, "tags": ["Canary"]}],
)
async def test_an_update_that_was_overtaken_is_done_over_or_refused(
    client: Clients, organisation: Organisation, database: Clone, monkeypatch: pytest.MonkeyPatch,
    rival: Rival, sent: dict[str, Any],
) -> None:  # fmt: skip
    """It has read the record and is about to write, when somebody else changes all about it."""
    admin, rep = client(organisation.admin), client(organisation.rep)
    one, other = [
        (await rep.post("/v1/contacts", json={"name": n})).json()["id"] for n in ("one", "other")
    ]
    path = f"/v1/contacts/{one}"
    reached, may_go = held_before_writing(monkeypatch)
    slow = asyncio.create_task(rep.patch(path, json=sent))
    await asyncio.wait_for(reached.wait(), 10)
    won = await rival(admin, path, other, organisation)
    assert won.status_code in (200, 201), won.text
    may_go.set()
    answer = await slow
    expected = {merge_into: 200, erase: 410}.get(rival, 404)
    assert answer.status_code == expected, answer.text
    now = (await admin.get(path)).text
    assert ("Canary" in now) == (expected == 200)
    assert (await found(admin, "canary")) == (
        {one} if "Canary" in now and "name" in sent else set()
    )
    told = await Consumer().follow(admin, page=1000)
    assert await listed(admin, "/v1/contacts") == told.of("contact")
    assert await check_rows(database.admin_url, organisation.id) == []


def held_before_writing(patch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """The first update to write waits, before its one statement or before it begins a transaction."""
    reached, may_go = asyncio.Event(), asyncio.Event()
    alone, opened = Deferred.update_alone, Deferred.open

    async def held() -> None:
        if not reached.is_set():
            reached.set()
            await may_go.wait()

    async def update_alone(self: Deferred, *args: Any) -> UUID | None:
        await held()
        return await alone(self, *args)

    async def open(self: Deferred) -> Connection:
        await held()
        return await opened(self)

    patch.setattr(Deferred, "update_alone", update_alone)
    patch.setattr(Deferred, "open", open)
    return reached, may_go


async def found(user: httpx.AsyncClient, text: str) -> set[str]:
    answer = await user.get("/v1/contacts", params={"q": text})
    return {row["id"] for row in answer.json()["data"]}


async def test_an_account_that_is_claimed_while_it_is_changed_keeps_both(
    client: Clients, organisation: Organisation, database: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, rep = client(organisation.admin), client(organisation.rep)
    pool = (await admin.post("/v1/pools", json={"name": "all"})).json()["id"]
    account = (await admin.post("/v1/accounts", json={"name": "Acme"})).json()["id"]
    path = f"/v1/accounts/{account}"
    await admin.patch(path, json={"owner_id": None})
    reached, may_go = held_before_writing(monkeypatch)
    slow = asyncio.create_task(admin.patch(path, json={"name": "Weilai", "industry": "retail"}))
    await asyncio.wait_for(reached.wait(), 10)
    claimed = await rep.post(f"/v1/pools/{pool}/claim", json={"record_ids": [account]})
    assert claimed.status_code == 200, claimed.text
    may_go.set()
    assert (await slow).status_code == 200
    now = (await rep.get(path)).json()
    assert (now["owner_id"], now["name"]) == (str(organisation.rep.id), "Weilai")
    await as_told(admin, database, organisation.id)


async def test_a_file_that_is_linked_to_what_is_being_merged_blocks_nobody(
    client: Clients, organisation: Organisation, service_database: Database, database: Clone
) -> None:
    admin = client(organisation.admin)
    survivor, source = [
        (await admin.post("/v1/accounts", json={"name": n})).json()["id"]
        for n in ("survivor", "source")
    ]
    asked = {"name": "a.txt", "account_id": source}
    file = (await admin.post("/v1/files", params=asked, content=b"a")).json()["id"]
    links = [{"type": "account", "id": id} for id in (survivor, source)]
    async with service_database.transaction(organisation.id) as blocker:
        await blocker.execute("SELECT 1 FROM files WHERE id = $1 FOR UPDATE", UUID(file))
        linking = asyncio.create_task(patched(admin, f"/v1/files/{file}", links=links))
        await until_somebody_waits(service_database)
        path = f"/v1/accounts/{source}"
        merging = asyncio.create_task(merge_away(admin, path, survivor, organisation))
        await until(lambda: service_database.pool.fetchval(f"{WAITING} HAVING count(*) > 1"))
    assert await linking == 200
    assert (await merging).status_code == 201
    shown = (await admin.get(f"/v1/files/{file}")).json()["links"]
    assert shown == [{"type": "account", "id": survivor}]
    await as_told(admin, database, organisation.id)

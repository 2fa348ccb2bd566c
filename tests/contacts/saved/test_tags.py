"""Tags: counted as far as one sees, renamed as far as one may write."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_contacts.jobs import HANDLERS
from guanxi_contacts.tags import service
from guanxi_contacts.tags.rules import renamed
from guanxi_shared.db import Database
from guanxi_shared.worker import Worker, WorkerSettings
from tests.contacts.merges.merging import WAITING, until_somebody_waits
from tests.contacts.saved.conftest import Make, filtered
from tests.deadlines import until
from tests.factories import Clients, Organisation, User

QUICK = WorkerSettings(heartbeat_seconds=5.0, poll_seconds=0.02, retry_seconds=0.05)


@pytest.fixture
async def worker(service_database: Database) -> AsyncIterator[Worker]:
    running = Worker(service_database, HANDLERS, settings=QUICK)
    task = asyncio.create_task(running.run())
    try:
        yield running
    finally:
        running.stop()
        await task


async def ended(client: Clients, user: User, location: str) -> dict[str, Any]:
    async def found() -> dict[str, Any] | None:
        job: dict[str, Any] = (await client(user).get(location)).json()
        return job if job["status"] in ("done", "failed") else None

    return await until(found, seconds=20)


async def test_tags_are_counted_as_far_as_one_sees_and_found_by_their_beginning(
    client: Clients, organisation: Organisation, other_organisation: Organisation, post: Make
) -> None:
    for user, tags in (
        (organisation.rep, ["VIP", "重点"]), (organisation.rep, ["VIP", "100%"]),
        (organisation.rep2, ["VIP", "secret"]), (other_organisation.admin, ["foreign"]),
    ):  # fmt: skip
        await post(user, "/v1/accounts", name="x", tags=tags)
    await post(organisation.rep, "/v1/contacts", name="张三", tags=["person"])

    async def counted(user: User, path: str = "/v1/accounts/tags", **params: Any) -> dict[str, int]:
        answer = await client(user).get(path, params=params)
        assert answer.status_code == 200, answer.text
        return {each["tag"]: each["count"] for each in answer.json()["data"]}

    assert await counted(organisation.rep) == {"VIP": 2, "100%": 1, "重点": 1}
    assert await counted(organisation.manager, limit=1) == {"VIP": 3}
    assert await counted(organisation.rep, prefix="vi") == {"VIP": 2}
    assert await counted(organisation.rep, prefix="重") == {"重点": 1}
    assert await counted(organisation.rep, prefix="%") == {}
    assert await counted(organisation.rep, "/v1/contacts/tags") == {"person": 1}
    for params in (
        {"limit": "0"},
        {"limit": "x"},
        {"limit": "²"},
        {"q": "x"},
        {"prefix": "x" * 61},
    ):
        refused = await client(organisation.rep).get("/v1/accounts/tags", params=params)
        assert refused.status_code == 400, (params, refused.text)


async def test_a_renaming_merges_tags_of_what_one_may_change_with_an_event_for_each(
    client: Clients, organisation: Organisation, post: Make, worker: Worker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(service, "BATCH", 2)
    mine = [
        await post(organisation.rep, "/v1/accounts", name=str(n), tags=["old", "older", "x"])
        for n in range(5)
    ]
    untouched = await post(organisation.rep, "/v1/accounts", name="u", tags=["x"])
    foreign = await post(organisation.rep2, "/v1/accounts", name="f", tags=["old"])
    rep, sent = client(organisation.rep), {"tags": ["old", "older", "new"], "to": "new"}
    started = await rep.post("/v1/accounts/tags/rename", json=sent)
    assert started.status_code == 202, started.text
    job = await ended(client, organisation.rep, started.headers["location"])
    assert (job["status"], job["done"]) == ("done", 5)
    for account in mine:
        now = (await rep.get(f"/v1/accounts/{account['id']}")).json()
        assert (now["tags"], now["version"]) == (["new", "x"], 2)
        newest = (await rep.get(f"/v1/accounts/{account['id']}/history")).json()["data"][0]
        assert newest["type"] == "contacts.account.updated"
        assert newest["changed"] == ["tags"]
        assert newest["before"] == {"tags": ["old", "older", "x"]}
        assert newest["after"] == now
    assert (await rep.get(f"/v1/accounts/{untouched['id']}")).json()["version"] == 1
    theirs = await client(organisation.rep2).get(f"/v1/accounts/{foreign['id']}")
    assert theirs.json()["tags"] == ["old"]
    same = await rep.post("/v1/accounts/tags/rename", json={"tags": ["new"], "to": "new"})
    assert same.status_code == 422


async def test_people_keep_their_accounts_when_their_tags_are_renamed(
    client: Clients, organisation: Organisation, post: Make, worker: Worker
) -> None:
    account = await post(organisation.rep, "/v1/accounts", name="x")
    person = await post(
        organisation.rep, "/v1/contacts", name="张三", tags=["old"],
        accounts=[{"account_id": account["id"], "role": "user"}],
    )  # fmt: skip
    rep = client(organisation.rep)
    started = await rep.post("/v1/contacts/tags/rename", json={"tags": ["old"], "to": "new"})
    assert (await ended(client, organisation.rep, started.headers["location"]))["done"] == 1
    newest = (await rep.get(f"/v1/contacts/{person['id']}/history")).json()["data"][0]
    assert newest["after"] == (await rep.get(f"/v1/contacts/{person['id']}")).json()
    assert newest["after"]["accounts"] == person["accounts"]


async def test_a_place_that_is_given_while_tags_are_renamed_is_in_what_is_told(
    client: Clients, organisation: Organisation, post: Make, worker: Worker,
    service_database: Database,
) -> None:  # fmt: skip
    """The job waits for the row, and must not write what it read of other tables before it waited."""
    rep = client(organisation.rep)
    account = await post(organisation.rep, "/v1/accounts", name="x")
    person = await post(organisation.rep, "/v1/contacts", name="张三", tags=["old"])
    path, places = f"/v1/contacts/{person['id']}", [{"account_id": account["id"]}]
    async with service_database.transaction(organisation.id) as blocker:
        await blocker.execute("SELECT 1 FROM contacts WHERE id = $1 FOR UPDATE", UUID(person["id"]))
        placing = asyncio.create_task(rep.patch(path, json={"accounts": places}))
        await until_somebody_waits(service_database)
        started = await rep.post("/v1/contacts/tags/rename", json={"tags": ["old"], "to": "new"})
        await until(lambda: service_database.pool.fetchval(f"{WAITING} HAVING count(*) > 1"))
    assert (await placing).status_code == 200
    assert (await ended(client, organisation.rep, started.headers["location"]))["done"] == 1
    now = (await rep.get(path)).json()
    assert (now["tags"], now["version"]) == (["new"], 3)
    assert [place["account_id"] for place in now["accounts"]] == [account["id"]]


async def test_an_export_by_a_job_takes_a_segment_as_its_asker_sees_it(
    client: Clients, organisation: Organisation, post: Make, worker: Worker,
    accounts: dict[str, str], contacts: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name, value in {
        "CONTACTS_FILES_DIR": str(contacts.state.house.settings.files_dir),
        "CONTACTS_DATABASE_URL": contacts.state.house.settings.database_url,
        "CONTACTS_FEED_DATABASE_URL": contacts.state.house.settings.feed_database_url,
    }.items():
        monkeypatch.setenv(name, value)
    segment = await post(
        organisation.manager, "/v1/segments", name="Retail", resource="accounts",
        document=filtered("industry", "eq", "retail"), shared_with="all",
    )  # fmt: skip
    rep = client(organisation.rep)
    document = filtered("segment_id", "eq", segment["id"])
    started = await rep.post(
        "/v1/exports", json={"resource": "accounts", "format": "ndjson", "document": document}
    )
    assert started.status_code == 202, started.text
    job = await ended(client, organisation.rep, started.headers["location"])
    file = await rep.get(job["result_url"])
    assert len(file.text.splitlines()) == 2


@given(st.sets(st.sampled_from("abcde")), st.sets(st.sampled_from("abcde")), st.sampled_from("abf"))
def test_a_renaming_done_twice_is_done_once(tags: set[str], gone: set[str], to: str) -> None:
    once = renamed(tags, gone - {to}, to)
    assert renamed(once, gone - {to}, to) == once == sorted(set(once))
    assert not set(once) & (gone - {to})
    assert (to in once) == (to in tags or bool(tags & gone))
    assert set(once) - {to} == tags - gone - {to}

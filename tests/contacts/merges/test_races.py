"""Merges while others write: nothing is lost, nothing is merged twice, the feed stays true."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from guanxi_shared.db import Database
from tests.contacts.merges.following import followed
from tests.contacts.merges.merging import (
    WAITING,
    everything,
    make,
    merge,
    merged,
    read,
    undo,
    until_somebody_waits,
)
from tests.deadlines import until
from tests.factories import Clients, Organisation


async def test_of_two_merges_of_one_source_one_goes_through(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    one, other, source = [await make(client, rep, name=name) for name in ("one", "other", "source")]
    person = await make(client, rep, "contacts", accounts=[{"account_id": source["id"]}])
    answers = await asyncio.gather(
        *(merge(client, rep, survivor, source) for survivor in (one, other) * 3)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    winner = next(answer for answer in answers if answer.status_code == 201).json()["survivor_id"]
    (place,) = (await read(client, rep, person, "contacts"))["accounts"]
    assert place["account_id"] == winner
    assert await followed(client, rep) == await everything(client, rep)


async def test_merges_crosswise_do_not_block_each_other_for_good(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    records = [await make(client, rep, name=str(n)) for n in range(8)]
    pairs = [(a, b) for a in records for b in records if a is not b]
    answers = await asyncio.gather(*(merge(client, rep, a, b) for a, b in pairs))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert sum(answer.status_code == 201 for answer in answers) == 7
    assert len(await everything(client, rep)) == 1
    assert await followed(client, rep) == await everything(client, rep)


async def test_updates_of_everything_while_it_is_merged_and_undone(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor, source, third = [
        await make(client, rep, name=n) for n in ("survivor", "source", "third")
    ]
    child = await make(client, rep, name="child", parent_id=source["id"])
    person = await make(client, rep, "contacts", accounts=[{"account_id": source["id"]}])

    async def patch(path: str, **fields: Any) -> int:
        return (await client(rep).patch(path, json=fields)).status_code

    async def merging() -> None:
        for _ in range(4):
            answer = await merge(client, rep, survivor, source)
            if answer.status_code == 201:
                await undo(client, rep, answer.json(), force="true")

    async def updating(number: int) -> set[int]:
        found = set()
        for turn in range(6):
            text = f"{number} {turn}"
            found.add(await patch(f"/v1/accounts/{survivor['id']}", industry=text))
            found.add(await patch(f"/v1/accounts/{source['id']}", region=text))
            found.add(await patch(f"/v1/accounts/{child['id']}", referred_by_id=source["id"]))
            found.add(await patch(f"/v1/contacts/{person['id']}", title=text))
            links = [{"account_id": third["id"]}, {"account_id": source["id"]}]
            found.add(await patch(f"/v1/contacts/{person['id']}", accounts=links[turn % 2 :]))
        return found

    _, *statuses = await asyncio.gather(merging(), *(updating(n) for n in range(3)))
    # 404 and 422: the source is merged away at that moment.
    assert set().union(*statuses) <= {200, 404, 422}
    assert await followed(client, rep) == await everything(client, rep)


@pytest.mark.parametrize("held", ["survivor", "child"])
@pytest.mark.parametrize("makes", ["contact", "child", "referred", "moved contact"])
async def test_a_reference_made_during_a_merge_is_moved_or_refused(
    client: Clients, organisation: Organisation, service_database: Database, makes: str, held: str
) -> None:
    """A child whose transaction is under way while its account is merged away must not stay there."""
    rep = organisation.rep
    survivor, source, third = [
        await make(client, rep, name=n) for n in ("survivor", "source", "third")
    ]
    links = {"accounts": [{"account_id": source["id"]}]}
    person = await make(client, rep, "contacts", name="p", accounts=[{"account_id": third["id"]}])
    child = await make(client, rep, name="child", parent_id=source["id"])
    # The merge waits before it holds the source, or after it has looked for its children.
    row = survivor if held == "survivor" else child
    async with service_database.transaction(organisation.id) as blocker:
        await blocker.execute("SELECT 1 FROM accounts WHERE id = $1 FOR UPDATE", UUID(row["id"]))
        merging = asyncio.create_task(merge(client, rep, survivor, source))
        await until_somebody_waits(service_database)
        me = client(rep)
        if makes == "contact":
            making = me.post("/v1/contacts", json={"name": "new", **links})
        elif makes == "child":
            making = me.post("/v1/accounts", json={"name": "new", "parent_id": source["id"]})
        elif makes == "referred":
            making = me.post("/v1/accounts", json={"name": "new", "referred_by_id": source["id"]})
        else:
            making = me.patch(f"/v1/contacts/{person['id']}", json=links)
        made = asyncio.create_task(making)
        await asyncio.wait({made}, timeout=0.3)
    assert (await merging).status_code == 201
    answer = await made
    assert answer.status_code in (200, 201, 422), answer.text
    now = await everything(client, rep)
    assert source["id"] not in str(now)
    assert await followed(client, rep) == now


async def test_an_update_that_waited_tells_what_stands_then(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    """The places of a person come from another table: read while waiting, they would be old ones."""
    rep = organisation.rep
    first, second = await make(client, rep), await make(client, rep)
    person = await make(client, rep, "contacts", name="p", accounts=[{"account_id": first["id"]}])
    async with service_database.transaction(organisation.id) as writer:
        await writer.execute(
            "UPDATE contacts SET version = version + 1 WHERE id = $1", UUID(person["id"])
        )
        await writer.execute(
            "UPDATE contact_accounts SET account_id = $2 WHERE contact_id = $1",
            UUID(person["id"]), UUID(second["id"]),
        )  # fmt: skip
        me = client(rep)
        path = f"/v1/contacts/{person['id']}"
        patching = asyncio.create_task(me.patch(path, json={"title": "CEO"}))
        await until_somebody_waits(service_database)
    answer = (await patching).json()
    assert answer["accounts"][0]["account_id"] == second["id"]
    assert answer == await read(client, rep, person, "contacts")


async def test_a_survivor_changed_by_two_merges_keeps_what_both_brought(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor = await make(client, rep)
    sources = [await make(client, rep, tags=[str(n)]) for n in range(6)]
    answers = await asyncio.gather(*(merge(client, rep, survivor, each) for each in sources))
    assert {answer.status_code for answer in answers} == {201}
    assert (await read(client, rep, survivor))["tags"] == [str(n) for n in range(6)]


async def test_of_several_undos_one_goes_through(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    survivor, source = await make(client, rep), await make(client, rep)
    done = await merged(client, rep, survivor, source)
    answers = await asyncio.gather(*(undo(client, rep, done) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    assert (await read(client, rep, source))["version"] == 3


@pytest.mark.parametrize("makes", ["activity", "linked activity"])
async def test_an_activity_made_during_a_merge_is_moved_or_refused(
    client: Clients, organisation: Organisation, service_database: Database, makes: str
) -> None:
    rep = organisation.rep
    survivor, source = [await make(client, rep, name=n) for n in ("survivor", "source")]
    child = await make(client, rep, name="child", parent_id=source["id"])
    note = {"kind": "note", "subject": "said"}
    old = (await client(rep).post("/v1/activities", json=note)).json()
    links = {"account_ids": [source["id"]]}
    async with service_database.transaction(organisation.id) as blocker:
        await blocker.execute("SELECT 1 FROM accounts WHERE id = $1 FOR UPDATE", UUID(child["id"]))
        merging = asyncio.create_task(merge(client, rep, survivor, source))
        await until_somebody_waits(service_database)
        if makes == "activity":
            making = client(rep).post("/v1/activities", json={**note, **links})
        else:
            making = client(rep).patch(f"/v1/activities/{old['id']}", json=links)
        made = asyncio.create_task(making)
        await asyncio.wait({made}, timeout=0.3)
    assert (await merging).status_code == 201
    answer = await made
    assert answer.status_code in (200, 201, 422), answer.text
    page = (await client(rep).get("/v1/activities")).json()["data"]
    assert {id for row in page for id in row["account_ids"]} <= {survivor["id"]}


@pytest.mark.parametrize("rival", ["merge", "erasure"])
async def test_a_follow_up_made_while_somebody_waits_for_its_activity_goes_with_it(
    client: Clients, organisation: Organisation, service_database: Database, rival: str
) -> None:
    admin = organisation.admin
    survivor, source = [await make(client, admin, "contacts", name=n) for n in ("one", "Canary")]
    sent = {"kind": "task", "subject": "Call Canary", "contact_ids": [source["id"]]}
    task = (await client(admin).post("/v1/activities", json=sent)).json()
    done = {
        "follow_up": {
            "kind": "task",
            "subject": "Ask Canary again",
            "due_at": "2030-01-01T00:00:00Z",
        }
    }
    async with service_database.transaction(organisation.id) as blocker:
        await blocker.execute("SELECT 1 FROM activities WHERE id = $1 FOR UPDATE", UUID(task["id"]))
        path = f"/v1/activities/{task['id']}/complete"
        completing = asyncio.create_task(client(admin).post(path, json=done))
        await until_somebody_waits(service_database)
        if rival == "merge":
            waiting = merge(client, admin, survivor, source, resource="contacts")
        else:
            path = f"/v1/contacts/{source['id']}/erase"
            waiting = client(admin).post(path, json={"reason": "subject_request"})
        rivals = asyncio.create_task(waiting)
        await until(lambda: service_database.pool.fetchval(f"{WAITING} HAVING count(*) > 1"))
    assert (await completing).status_code == 200
    assert (await rivals).status_code in (200, 201)
    rows = (await client(admin).get("/v1/activities")).json()["data"]
    assert len(rows) == 2
    if rival == "merge":
        assert {id for row in rows for id in row["contact_ids"]} == {survivor["id"]}
    else:
        assert {row["subject"] for row in rows} == {""}

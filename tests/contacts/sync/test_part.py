"""The part of contacts in offline sync, as the gateway asks for it."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from guanxi_contacts.sync import tables
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from guanxi_shared.sync import tables as shared_tables
from tests.factories import Clients, Organisation
from tests.phone_of_a_service import APPLY, CHANGES, CHECK, ask
from tests.statements import statements_of


def made(*names: str) -> dict[str, Any]:
    rows = [{"id": str(new_id()), "name": name} for name in names]
    return {"accounts": {"created": rows, "updated": [], "deleted": []}}


async def test_a_standing_of_a_feed_before_a_restore_is_expired(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    standing = (await ask(rep, CHANGES))["standing"]
    assert "changes" in await ask(rep, CHANGES, standing=standing)
    for odd in ({"epoch": str(uuid4())}, {"position": standing["position"] + 1_000_000}):
        assert await ask(rep, CHANGES, standing={**standing, **odd}) == {"expired": True}


@pytest.mark.parametrize("standing", [{}, {"epoch": "x"}, {"sights": 5}, {"sights": {"a": None}}])
async def test_a_standing_that_is_none_is_malformed(
    client: Clients, organisation: Organisation, standing: dict[str, Any]
) -> None:
    answer = await client(organisation.rep).post(CHANGES, json={"standing": standing})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["standing"])


async def test_a_bound_that_lies_far_back_starts_over(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    standing = dict((await ask(rep, CHANGES, days=30))["standing"])
    assert "changes" in await ask(rep, CHANGES, days=30, standing=standing)
    sight = standing["sights"]["activities"]
    standing["sights"] = {
        **standing["sights"], "activities": {**sight, "since": "2020-01-01T00:00:00+00:00"},
    }  # fmt: skip
    assert await ask(rep, CHANGES, days=30, standing=standing) == {"expired": True}


async def test_a_role_that_may_read_nothing_gets_nothing_and_loses_what_it_had(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    await ask(rep, APPLY, changes=made("one"))
    first = await ask(rep, CHANGES, device_id="p")
    assert len(first["changes"]["accounts"]["created"]) == 1
    stripped = client(organisation.rep.but(permissions=("sync:read",)))
    then = await ask(stripped, CHANGES, device_id="p", standing=first["standing"])
    assert len(then["changes"]["accounts"]["deleted"]) == 1
    assert (await stripped.post(APPLY, json={})).status_code == 403


async def test_a_push_that_ends_in_trouble_leaves_nothing(
    client: Clients, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second record meets a lock, which is no rule's doing: the first is not written either."""
    writes = tables.SYNC_ACCOUNTS.writes
    assert writes is not None
    seen: list[Any] = []

    async def stuck(*args: Any) -> None:
        seen.append(args)
        if len(seen) % 2 == 0:
            raise asyncpg.LockNotAvailableError("canceling statement due to lock timeout")
        await writes.create(*args)

    patched = shared_tables.Writes(
        stuck, writes.update, writes.delete, writes.may_create, writes.may_update, writes.may_delete
    )
    sent, rep = made("one", "two"), client(organisation.rep)
    with monkeypatch.context() as patch:
        patch.setattr(shared_tables.SyncTable, "writes", patched, raising=False)
        answer = await rep.post(APPLY, json={"changes": sent})
    assert answer.status_code == 503
    listed = await rep.get("/v1/accounts")
    assert listed.json()["data"] == []
    assert await ask(rep, APPLY, changes=sent) == {"conflicts": {}, "rejected": {}, "gone": {}}


@pytest.mark.parametrize(("ends", "status"), [(1, 200), (2, 200), (3, 503)])
async def test_a_push_that_postgres_ends_for_another_begins_once_more(
    client: Clients, organisation: Organisation, monkeypatch: pytest.MonkeyPatch, ends: int, status: int
) -> None:  # fmt: skip
    writes = tables.SYNC_ACCOUNTS.writes
    assert writes is not None
    seen: list[Any] = []

    async def entangled(*args: Any) -> None:
        seen.append(args)
        await writes.create(*args)
        if len(seen) <= 2 * ends and len(seen) % 2 == 0:  # with the second record of a try
            raise asyncpg.DeadlockDetectedError("deadlock detected")

    patched = shared_tables.Writes(
        entangled, writes.update, writes.delete, writes.may_create, writes.may_update, writes.may_delete
    )  # fmt: skip
    sent, rep = made("one", "two"), client(organisation.rep)
    with monkeypatch.context() as patch:
        patch.setattr(shared_tables.SyncTable, "writes", patched, raising=False)
        answer = await rep.post(APPLY, json={"changes": sent})
    assert answer.status_code == status
    names = [row["name"] for row in (await rep.get("/v1/accounts")).json()["data"]]
    assert sorted(names) == (["one", "two"] if status == 200 else [])


@pytest.mark.usefixtures("remembered")
async def test_a_pull_costs_the_same_however_much_there_is(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep = client(organisation.rep)
    standing = (await ask(rep, CHANGES, device_id="p"))["standing"]
    counts = []
    for names in (["one"], [f"many {n}" for n in range(30)]):
        await ask(rep, APPLY, changes=made(*names), device_id="q")
        with statements_of(service_database) as seen:
            found = await ask(rep, CHANGES, standing=standing, device_id="p")
        assert len(found["changes"]["accounts"]["created"]) >= len(names)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 5, counts


@pytest.mark.usefixtures("remembered")
async def test_to_check_and_to_repeat_a_push_costs_the_same_however_long_it_is(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep = client(organisation.rep)
    await ask(rep, CHECK, changes=made("scopes are known from here"))
    counts = []
    for names in (["one"], [f"many {n}" for n in range(30)]):
        sent = made(*names)
        with statements_of(service_database) as checked:
            assert await ask(rep, CHECK, changes=sent) == {"conflicts": {}}
        await ask(rep, APPLY, changes=sent, device_id="q")
        with statements_of(service_database) as repeated:
            await ask(rep, APPLY, changes=sent, device_id="q")
        counts.append((len(checked), len(repeated)))
    assert counts[0] == counts[1], counts
    assert max(counts[0]) <= 4, counts


@pytest.mark.usefixtures("remembered")
async def test_to_write_a_record_costs_one_statement_beside_the_same_few(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep = client(organisation.rep)
    await ask(rep, APPLY, changes=made("scopes are known from here"))
    counts = []
    for names in (["one"], [f"many {n}" for n in range(31)]):
        with statements_of(service_database) as seen:
            await ask(rep, APPLY, changes=made(*names), device_id="q")
        counts.append(len(seen))
    assert counts[1] - counts[0] == 30, counts
    assert counts[0] <= 6, counts


@pytest.mark.usefixtures("remembered")
async def test_to_write_a_person_costs_the_same_few_however_many_there_are(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep = client(organisation.rep)
    accounts = made("Firma")
    await ask(rep, APPLY, changes=accounts)
    account = accounts["accounts"]["created"][0]["id"]
    counts: dict[tuple[bool, int], int] = {}
    for linked in (False, True):
        for count in (1, 31):
            rows = [
                {"id": str(new_id()), "name": f"P{n}", "phone": f"+861380013{n:04}", "email": f"p{n}@a.example"}
                | ({"account_id": account} if linked else {})
                for n in range(count)
            ]  # fmt: skip
            with statements_of(service_database) as seen:
                await ask(rep, APPLY, changes={"contacts": {"created": rows}}, device_id="q")
            counts[linked, count] = len(seen)
    each = {linked: (counts[linked, 31] - counts[linked, 1]) / 30 for linked in (False, True)}
    # With an account two more: it is held against merges, and the link is written.
    assert (each[False] <= 1, each[True] <= 3) == (True, True), (each, seen[:12])

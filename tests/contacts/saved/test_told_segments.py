"""Accounts in segments as the feed tells them: frozen ones at once, dynamic ones by looks, each coming and going once."""

import asyncio
import os
import random
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from guanxi_contacts.resources import ACCOUNT
from guanxi_contacts.segments import sweeping
from guanxi_contacts.segments.telling import tell_segment
from guanxi_shared.db import Database
from guanxi_shared.filters import Binder
from tests.contacts.saved.conftest import Make, Record, filtered
from tests.deadlines import until
from tests.factories import Clients, Organisation, User
from tests.prepared import Clone

Look = Callable[[], Awaitable[int]]
Pairs = set[tuple[str, str]]  # segment and account
RETAIL = filtered("industry", "eq", "retail")
EVERY = timedelta(minutes=15)


@pytest.fixture
def look(organisation: Organisation, service_database: Database) -> Look:
    """Everything is due, as if its time had come."""

    async def looked() -> int:
        return await sweeping.look_at_organisation(
            service_database, organisation.id, now=datetime.now(UTC), every=timedelta()
        )

    return looked


async def events_of(client: Clients, user: User) -> list[Record]:
    answer = await client(user).get(
        "/v1/events", params={"types": "contacts.segment_member.*", "limit": 1000}
    )
    assert answer.status_code == 200, answer.text
    found: list[Record] = answer.json()
    return found


async def told(client: Clients, user: User) -> Pairs:
    """Who is in which segment, from the events alone: whoever comes in was out, whoever leaves was in."""
    present: Pairs = set()
    versions: dict[str, int] = {}
    for event in await events_of(client, user):
        state = event["data"]["state"]
        pair = (state["segment_id"], state["account_id"])
        assert state["version"] == versions.get(state["id"], 0) + 1
        versions[state["id"]] = state["version"]
        verb = event["type"].rpartition(".")[2]
        assert (pair in present) == (verb == "deleted"), event
        present ^= {pair}
    return present


async def frozen_of(post: Make, organisation: Organisation, **more: Any) -> Record:
    return await post(organisation.manager, "/v1/segments", name="f", resource="accounts", kind="frozen", **more)  # fmt: skip


async def test_a_frozen_segment_tells_its_accounts_when_they_are_taken_added_and_removed(
    client: Clients, organisation: Organisation, post: Make, accounts: dict[str, str]
) -> None:
    segment = await frozen_of(post, organisation, document=RETAIL)
    id, admin = segment["id"], organisation.admin
    assert await told(client, admin) == {(id, accounts[name]) for name in "abz"}
    boss, path = client(organisation.manager), f"/v1/segments/{id}/members"
    changed = await boss.post(path, json={"add": [accounts["c"], accounts["a"]], "remove": [accounts["z"]]})  # fmt: skip
    assert changed.status_code == 200, changed.text
    assert await told(client, admin) == {(id, accounts[name]) for name in "abc"}
    await boss.post(path, json={"add": [accounts["z"]]})
    assert await told(client, admin) == {(id, accounts[name]) for name in "abcz"}
    copy = await post(organisation.manager, f"/v1/segments/{id}/freeze", name="copy")
    assert {pair for pair in await told(client, admin) if pair[0] == copy["id"]} == {(copy["id"], accounts[n]) for n in "abcz"}  # fmt: skip
    [event] = [
        each for each in await events_of(client, admin) if each["data"]["state"]["account_id"] == accounts["c"]
    ][:1]  # fmt: skip
    assert event["data"]["state"].keys() == {"id", "segment_id", "account_id", "version", "created_at", "updated_at"}  # fmt: skip
    assert event["data"]["actor_id"] == str(organisation.manager.id)


async def test_a_segment_of_people_tells_of_nobody(
    client: Clients, organisation: Organisation, post: Make, look: Look
) -> None:
    person = await post(organisation.rep, "/v1/contacts", name="Li")
    for kind in ("frozen", "dynamic"):
        await post(organisation.manager, "/v1/segments", name=kind, resource="contacts", kind=kind,
                   document=filtered("name", "eq", person["name"]))  # fmt: skip
    assert await look() == 0
    assert await events_of(client, organisation.admin) == []


async def test_accounts_that_go_come_back_and_merge_are_told_of_at_once(
    client: Clients, organisation: Organisation, post: Make, accounts: dict[str, str], look: Look
) -> None:
    frozen = (await frozen_of(post, organisation, document=RETAIL))["id"]
    dynamic = await post(organisation.manager, "/v1/segments", name="d", resource="accounts", document=RETAIL)  # fmt: skip
    await look()
    admin, a, b = client(organisation.admin), accounts["a"], accounts["b"]
    both = {(segment, accounts[name]) for segment in (frozen, dynamic["id"]) for name in "abz"}
    assert await told(client, organisation.admin) == both
    assert (await admin.delete(f"/v1/accounts/{a}")).status_code == 200
    without = {pair for pair in both if pair[1] != a}
    assert await told(client, organisation.admin) == without
    assert (await admin.post(f"/v1/accounts/{a}/restore")).status_code == 200
    assert await told(client, organisation.admin) == without | {(frozen, a)}
    assert await look() == 1
    assert await told(client, organisation.admin) == both
    merge = {"resource": "accounts", "survivor_id": accounts["c"], "source_ids": [b]}
    made = await admin.post("/v1/merges", json=merge)
    assert made.status_code == 201, made.text
    merged = {pair for pair in both if pair[1] != b} | {(frozen, accounts["c"])}
    assert await told(client, organisation.admin) == merged
    await look()
    assert await told(client, organisation.admin) == merged  # steel it stays
    undone = await admin.post(f"/v1/merges/{made.json()['id']}/undo")
    assert undone.status_code == 200, undone.text
    assert await told(client, organisation.admin) == both - {(dynamic["id"], b)}
    assert await look() == 1
    assert await told(client, organisation.admin) == both


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_look_tells_exactly_the_differences(
    client: Clients, organisation: Organisation, post: Make, accounts: dict[str, str], look: Look, seed: int
) -> None:  # fmt: skip
    """Random changes of accounts and documents; what is told afterwards is what the lists say."""
    dice, admin = random.Random(seed), client(organisation.admin)
    inner = await post(organisation.admin, "/v1/segments", name="i", resource="accounts", document=RETAIL)  # fmt: skip
    outer = await post(organisation.admin, "/v1/segments", name="o", resource="accounts",
                       document=filtered("segment_id", "nin", [inner["id"]]))  # fmt: skip
    everybody = await post(organisation.admin, "/v1/segments", name="e", resource="accounts")
    segments = [inner["id"], outer["id"], everybody["id"]]
    for _ in range(8):
        for _ in range(dice.randrange(4)):
            await _change(admin, dice, list(accounts.values()), inner["id"])
        before, count = await told(client, organisation.admin), await look()
        now = {(id, account) for id in segments for account in await _members(admin, id)}
        assert await told(client, organisation.admin) == now
        assert count == len(before ^ now)
        assert await look() == 0


async def _change(admin: Any, dice: random.Random, accounts: list[str], segment: str) -> None:
    account = dice.choice(accounts)
    what = dice.choice(["industry", "industry", "delete", "restore", "document"])
    if what == "industry":
        sent = {"industry": dice.choice(["retail", "steel", None])}
        await admin.patch(f"/v1/accounts/{account}", json=sent)
    elif what == "delete":
        await admin.delete(f"/v1/accounts/{account}")
    elif what == "restore":
        await admin.post(f"/v1/accounts/{account}/restore")
    else:
        document = filtered("industry", "eq", dice.choice(["retail", "steel"]))
        await admin.patch(f"/v1/segments/{segment}", json={"document": document})


async def _members(admin: Any, segment: str) -> set[str]:
    answer = await admin.get(f"/v1/segments/{segment}/members", params={"limit": 200})
    assert answer.status_code == 200, answer.text
    return {row["id"] for row in answer.json()["data"]}


async def test_looks_at_once_tell_nothing_twice(
    client: Clients, organisation: Organisation, post: Make, accounts: dict[str, str], look: Look,
    service_database: Database,
) -> None:  # fmt: skip
    segment = await post(organisation.admin, "/v1/segments", name="d", resource="accounts", document=RETAIL)  # fmt: skip
    counts = await asyncio.gather(*(look() for _ in range(4)))
    assert sum(counts) == 3
    assert len(await told(client, organisation.admin)) == 3

    def steel(bind: Binder) -> Any:
        return ACCOUNT.c.industry == "steel"

    ready = asyncio.Barrier(3)

    async def tell() -> int:
        """Without the segment's lock, both begun before either is committed."""
        async with service_database.transaction(organisation.id) as connection:
            await ready.wait()
            return await tell_segment(
                connection, organisation.id, UUID(segment["id"]), steel, actor=sweeping.LOOKER
            )

    assert sum(await asyncio.gather(*(tell() for _ in range(3)))) == 4
    assert await told(client, organisation.admin) == {(segment["id"], accounts["c"])}


async def test_a_look_that_fails_in_the_middle_has_told_nothing_and_holds_up_no_other(
    client: Clients, organisation: Organisation, post: Make, accounts: dict[str, str], look: Look,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    one, two = [
        await post(organisation.admin, "/v1/segments", name=name, resource="accounts", document=RETAIL) for name in "12"
    ]  # fmt: skip
    tell = tell_segment

    async def failing(connection: Any, organisation: UUID, id: UUID, *rest: Any, **more: Any) -> int:  # fmt: skip
        count = await tell(connection, organisation, id, *rest, **more)
        return count if str(id) != one["id"] else 1 // 0

    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "tell_segment", failing)
        with pytest.raises(ZeroDivisionError):
            await look()
    assert {id for id, _ in await told(client, organisation.admin)} == {two["id"]}
    assert await look() == 3
    assert len(await told(client, organisation.admin)) == 6


LOOKER = """
import asyncio, os
from guanxi_contacts.segments import sweeping
from guanxi_shared.db import Database

async def main():
    database = Database(os.environ["CONTACTS_DATABASE_URL"], pool_size=4)
    await database.open()
    await sweeping.look_at_segments.duty(database)

asyncio.run(main())
"""


async def test_looks_that_are_killed_again_and_again_tell_each_once(
    client: Clients, organisation: Organisation, post: Make, accounts: dict[str, str], look: Look,
    database: Clone,
) -> None:  # fmt: skip
    for number in range(6):
        await post(organisation.admin, "/v1/segments", name=str(number), resource="accounts", document=RETAIL)  # fmt: skip
    environment = os.environ | database.environment("contacts")
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    before = 0
    for _ in range(3):
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", LOOKER, env=environment)  # fmt: skip

        async def has_told_some(before: int = before) -> bool:
            return len(await told(client, organisation.admin)) > before

        await until(has_told_some, seconds=30)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        before = len(await told(client, organisation.admin))
        if before == 18:
            break
    await look()
    assert len(await told(client, organisation.admin)) == 18


async def test_a_new_or_changed_segment_is_due_at_once_and_the_others_when_their_time_has_come(
    client: Clients, organisation: Organisation, post: Make, accounts: dict[str, str],
    service_database: Database,
) -> None:  # fmt: skip
    async def after(**more: int) -> int:
        at = datetime.now(UTC) + timedelta(**more)
        return await sweeping.look_at_organisation(service_database, organisation.id, now=at, every=EVERY)  # fmt: skip

    segment = await post(organisation.admin, "/v1/segments", name="d", resource="accounts", document=RETAIL)  # fmt: skip
    admin, path = client(organisation.admin), f"/v1/segments/{segment['id']}"
    assert (await admin.get(path)).json()["looked_at"] is None
    assert await after() == 3
    shown = (await admin.get(path)).json()
    assert (shown["version"], shown["not_told"]) == (1, None)
    assert shown["looked_at"] is not None
    await admin.patch(f"/v1/accounts/{accounts['c']}", json={"industry": "retail"})
    assert await after() == 0
    assert await after(minutes=16) == 1
    await admin.patch(f"/v1/accounts/{accounts['d']}", json={"industry": "steel"})
    assert await after(minutes=17) == 0
    changed = await admin.patch(path, json={"document": filtered("industry", "eq", "steel")})
    assert changed.status_code == 200, changed.text
    async with service_database.transaction(organisation.id) as connection:  # as time passes
        await connection.execute("UPDATE segments SET looked_at = updated_at - interval '1 second'")
    assert await after() == 5


async def test_a_segment_that_means_nothing_any_more_tells_nobody_and_says_why(
    client: Clients, organisation: Organisation, post: Make, look: Look
) -> None:
    admin = client(organisation.admin)
    field = await post(organisation.admin, "/v1/fields", resource="accounts", key="own", kind="text")  # fmt: skip
    made = await post(organisation.admin, "/v1/accounts", name="x", custom={"own": "x"})
    segment = await post(organisation.admin, "/v1/segments", name="s", resource="accounts",
                         document=filtered("custom.own", "eq", "x"))  # fmt: skip
    assert await look() == 1
    assert await told(client, organisation.admin) == {(segment["id"], made["id"])}
    await admin.delete(f"/v1/fields/{field['id']}")
    assert await look() == 1
    assert await told(client, organisation.admin) == set()
    shown = (await admin.get(f"/v1/segments/{segment['id']}")).json()
    assert "custom.own" in shown["not_told"]


async def test_a_deleted_segment_stays_as_it_was_told_and_goes_on_when_it_comes_back(
    client: Clients, organisation: Organisation, post: Make, accounts: dict[str, str], look: Look
) -> None:
    segment = await post(organisation.admin, "/v1/segments", name="d", resource="accounts", document=RETAIL)  # fmt: skip
    admin, path = client(organisation.admin), f"/v1/segments/{segment['id']}"
    await look()
    assert (await admin.delete(path)).status_code == 200
    await admin.patch(f"/v1/accounts/{accounts['a']}", json={"industry": "steel"})
    assert await look() == 0
    assert (await admin.post(f"{path}/restore")).status_code == 200
    assert await look() == 1
    assert await told(client, organisation.admin) == {(segment["id"], accounts[n]) for n in "bz"}


async def test_members_are_told_to_those_who_see_the_segment_and_the_account(
    client: Clients, organisation: Organisation, post: Make, accounts: dict[str, str], look: Look
) -> None:
    segment = await post(organisation.manager, "/v1/segments", name="own", resource="accounts", document=RETAIL)  # fmt: skip
    await look()
    assert await told(client, organisation.rep2) == set()
    assert len(await told(client, organisation.manager)) == 3
    shared = await client(organisation.manager).patch(f"/v1/segments/{segment['id']}", json={"shared_with": "all"})  # fmt: skip
    assert shared.status_code == 200, shared.text
    mine = await post(organisation.other_rep, "/v1/accounts", name="mine", industry="retail")
    await client(organisation.admin).patch(f"/v1/accounts/{accounts['c']}", json={"industry": "retail"})  # fmt: skip
    await look()
    other = client(organisation.other_rep)
    assert (await other.get(f"/v1/accounts/{accounts['c']}")).status_code == 404

    seen = {
        e["data"]["state"]["account_id"] for e in await events_of(client, organisation.other_rep)
    }
    assert seen == {mine["id"]}
    assert {mine["id"], accounts["c"]} <= {
        e["data"]["state"]["account_id"] for e in await events_of(client, organisation.admin)
    }
    snapshot = (await other.post("/v1/contacts/snapshot")).text
    members = [line for line in snapshot.splitlines() if '"segment_member"' in line]
    assert len(members) == 1
    assert mine["id"] in members[0]


async def test_an_erased_account_is_in_no_segment_and_its_members_say_nothing_of_it(
    client: Clients, organisation: Organisation, post: Make, look: Look
) -> None:
    person = await post(organisation.admin, "/v1/accounts", name="Wang", kind="person", industry="retail")  # fmt: skip
    for kind in ("frozen", "dynamic"):
        await post(
            organisation.admin,
            "/v1/segments",
            name="d",
            resource="accounts",
            kind=kind,
            document=RETAIL,
        )
    await look()
    assert len(await told(client, organisation.admin)) == 2
    admin = client(organisation.admin)
    erased = await admin.post(f"/v1/accounts/{person['id']}/erase", json={"reason": "subject_request"})  # fmt: skip
    assert erased.status_code in (200, 202), erased.text
    events = await events_of(client, organisation.admin)
    assert [e["type"].rpartition(".")[2] for e in events].count("erased") == 2
    assert all(person["id"] not in str(event) for event in events)
    assert await look() == 0


MANY = """
INSERT INTO accounts (organisation_id, id, kind, name, industry, lifecycle_stage, owner_id)
SELECT $1, gen_random_uuid(), 'company', 'n' || n, 'retail', 'prospect', $2 FROM generate_series(1, 15000) n
"""


async def test_a_look_at_many_is_quick_where_postgres_knows_nothing_of_them_yet(
    organisation: Organisation, post: Make, look: Look, service_database: Database
) -> None:
    """By a loop in a loop the second look took minutes; a statement of the service has five seconds."""
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(MANY, organisation.id, organisation.rep.id)
    await post(organisation.admin, "/v1/segments", name="d", resource="accounts", document=RETAIL)
    assert await look() == 15_000
    assert await look() == 0

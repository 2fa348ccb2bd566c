"""The sweep: a warning first, then back into the pool, once, whoever else sweeps or dies."""

import asyncio
import os
import sys
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from guanxi_contacts import dealings
from guanxi_contacts.pools import sweeping
from guanxi_shared.db import Database
from tests.contacts.pools.conftest import MakeAccount, MakePool, PassTime, Sweep, claim, events_of
from tests.deadlines import until
from tests.factories import Clients, Organisation, User
from tests.prepared import Clone

IDLE = [{"name": "forgotten", "idle_days": 30}]
Record = dict[str, Any]


async def owner_of(client: Clients, organisation: Organisation, account: Record) -> str | None:
    found = await client(organisation.admin).get(f"/v1/accounts/{account['id']}")
    owner: str | None = found.json()["owner_id"]
    return owner


async def test_the_owner_is_warned_once_and_loses_the_record_only_after_the_days_of_warning(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount,
    pass_time: PassTime, sweep: Sweep,
) -> None:  # fmt: skip
    pool = await make_pool(release_rules=IDLE, warn_days=3)
    account, fresh = await make_account(organisation.rep), await make_account(organisation.rep)
    await sweep()
    await pass_time(account, 26)
    assert await sweep() == sweeping.Swept(0, 0)
    await pass_time(account, 2)
    assert await sweep() == sweeping.Swept(1, 0)
    assert await sweep() == sweeping.Swept(0, 0)
    rep = client(organisation.rep)
    outlook = (await rep.get(f"/v1/accounts/{account['id']}/pool")).json()
    assert outlook["warned_at"] is not None
    assert outlook["because"]["rule"] == "forgotten"
    await pass_time(account, 2)
    assert await sweep() == sweeping.Swept(0, 0)  # due, but warned of only two days ago
    await pass_time(account, 1)
    assert await sweep() == sweeping.Swept(0, 1)
    assert await sweep() == sweeping.Swept(0, 0)
    assert (await rep.get(f"/v1/accounts/{account['id']}")).status_code == 404
    assert await owner_of(client, organisation, fresh) == str(organisation.rep.id)
    assert (await events_of(client(organisation.admin), account))[-2:] == [
        "pool_warned",
        "recycled",
    ]
    waiting = (await rep.get(f"/v1/pools/{pool['id']}/records")).json()["data"]
    assert [row["id"] for row in waiting] == [account["id"]]


async def test_doing_something_ends_the_warning_and_a_later_period_has_its_own(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount,
    pass_time: PassTime, sweep: Sweep, service_database: Database,
) -> None:  # fmt: skip
    await make_pool(release_rules=IDLE, warn_days=3)
    account = await make_account(organisation.rep)
    await pass_time(account, 29)
    assert (await sweep()).warned == 1
    async with service_database.transaction(organisation.id) as connection:
        await dealings.note_activity(
            connection, organisation.id, [UUID(account["id"])], datetime.now(UTC)
        )
    await pass_time(account, 5)
    assert await sweep() == sweeping.Swept(0, 0)
    await pass_time(account, 24)
    assert await sweep() == sweeping.Swept(1, 0)


async def test_a_rule_that_no_longer_means_a_record_takes_its_warning_back(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount,
    pass_time: PassTime, sweep: Sweep,
) -> None:  # fmt: skip
    only_d = {"filter_groups": [{"filters": [{"field": "grade", "operator": "eq", "value": "D"}]}]}
    await make_pool(release_rules=[IDLE[0] | {"filter": only_d}], warn_days=3)
    account = await make_account(organisation.rep, grade="D")
    other = await make_account(organisation.rep, grade="A")
    for each in (account, other):
        await pass_time(each, 40)
    assert await sweep() == sweeping.Swept(1, 0)
    rep, path = client(organisation.rep), f"/v1/accounts/{account['id']}"
    await rep.patch(path, json={"grade": "A"})
    await sweep()
    assert (await rep.get(f"{path}/pool")).json()["warned_at"] is None
    await rep.patch(path, json={"grade": "D"})
    assert await sweep() == sweeping.Swept(1, 0)


async def test_protection_keeps_a_claimed_record_whatever_the_rules_say(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount,
    pass_time: PassTime, sweep: Sweep,
) -> None:  # fmt: skip
    pool = await make_pool(
        release_rules=[{"name": "quick", "idle_days": 1}], protection_days=10
    )  # fmt: skip
    account = await make_account()
    await claim(client(organisation.rep), pool, account)
    await pass_time(account, 9)
    assert (await sweep()).returned == 0
    await pass_time(account, 1)
    assert (await sweep()).returned == 1


@pytest.mark.parametrize(
    ("rule", "won_days_ago", "contract_ended_days_ago", "owned_days", "returns"),
    [
        ({"never_won_days": 90}, None, None, 91, True),
        ({"never_won_days": 90}, 80, None, 91, False),
        ({"never_won_days": 90}, 95, None, 91, True),
        ({"never_won_days": 90}, None, None, 80, False),
        ({"contract_over_days": 10}, None, 12, 91, True),
        ({"contract_over_days": 10}, None, 8, 91, False),
        ({"contract_over_days": 10}, None, None, 91, False),
        ({"contract_over_days": 10}, None, 50, 5, False),
        ({"idle_days": 30, "never_won_days": 90}, 40, None, 91, False),
    ],
)
async def test_each_rule_by_the_facts_it_asks_and_the_outlook_says_the_same(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount,
    pass_time: PassTime, sweep: Sweep, service_database: Database, rule: Record,
    won_days_ago: int | None, contract_ended_days_ago: int | None, owned_days: int, returns: bool,
) -> None:  # fmt: skip
    await make_pool(release_rules=[{"name": "rule", **rule}])
    account = await make_account(organisation.rep)
    await pass_time(account, owned_days)
    ids, now = [UUID(account["id"])], datetime.now(UTC)
    async with service_database.transaction(organisation.id) as connection:
        if won_days_ago is not None:
            at = now - timedelta(days=won_days_ago)
            await dealings.note_won(connection, organisation.id, dict.fromkeys(ids, at))
        if contract_ended_days_ago is not None:
            day = now.date() - timedelta(days=contract_ended_days_ago)
            await dealings.note_contract(connection, organisation.id, ids, day)
    path = f"/v1/accounts/{account['id']}/pool"
    outlook = (await client(organisation.rep).get(path)).json()
    falls = outlook["falls_back_at"]
    assert (falls is not None and datetime.fromisoformat(falls) <= now) == returns
    assert (await sweep()).returned == int(returns)


async def test_many_sweeps_at_once_do_each_thing_once(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount,
    pass_time: PassTime, sweep: Sweep, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(sweeping, "BATCH", 3)
    await make_pool(release_rules=IDLE, warn_days=2)
    accounts = [await make_account(organisation.rep, name=str(number)) for number in range(10)]
    for account in accounts:
        await pass_time(account, 31)
    first = await asyncio.gather(*(sweep() for _ in range(4)))
    rest = await sweep()
    assert sum(swept.warned for swept in (*first, rest)) == 10
    for account in accounts:
        await pass_time(account, 3)
    second = [*await asyncio.gather(*(sweep() for _ in range(4))), await sweep()]
    assert sum(swept.returned for swept in second) == 10
    for account in accounts:
        verbs = await events_of(client(organisation.admin), account)
        assert verbs.count("pool_warned") == verbs.count("recycled") == 1


async def test_a_sweep_that_dies_in_a_batch_leaves_nothing_half_done(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount,
    pass_time: PassTime, sweep: Sweep, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await make_pool(release_rules=IDLE)
    account = await make_account(organisation.rep)
    await pass_time(account, 31)
    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "PUT", "SELECT 1 / 0, $1::uuid, $2::uuid[], $3::uuid")
        with pytest.raises(Exception, match="division"):
            await sweep()
    assert await owner_of(client, organisation, account) == str(organisation.rep.id)
    assert "recycled" not in await events_of(client(organisation.admin), account)
    assert (await sweep()).returned == 1


SWEEPER = """
import asyncio, os
from guanxi_contacts.pools import sweeping
from guanxi_shared.db import Database

async def main():
    sweeping.BATCH = 1
    database = Database(os.environ["CONTACTS_DATABASE_URL"], pool_size=4)
    await database.open()
    await sweeping.sweep_pools.duty(database)

asyncio.run(main())
"""


async def test_sweepers_that_are_killed_again_and_again_do_each_thing_once(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount,
    pass_time: PassTime, database: Clone,
) -> None:  # fmt: skip
    await make_pool(release_rules=IDLE)
    accounts = [await make_account(organisation.rep, name=str(number)) for number in range(12)]
    for account in accounts:
        await pass_time(account, 31)
    environment = os.environ | database.environment("contacts")
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    rep = client(organisation.rep)

    async def left() -> int:
        found = await rep.get("/v1/accounts", params={"total": "exact"})
        total: int = found.json()["page"]["total"]
        return total

    while (before := await left()) > 0:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SWEEPER, env=environment
        )

        async def has_done_some(before: int = before) -> bool:
            return await left() < before

        await until(has_done_some, seconds=30)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    for account in accounts:
        verbs = await events_of(client(organisation.admin), account)
        assert verbs.count("recycled") == 1


async def test_the_duty_sweeps_every_organisation_that_has_pools_and_shows_none_to_another(
    client: Clients, organisation: Organisation, other_organisation: Organisation,
    make_pool: MakePool, make_account: MakeAccount, pass_time: PassTime, service_database: Database,
) -> None:  # fmt: skip
    await make_pool(release_rules=IDLE)
    account = await make_account(organisation.rep)
    await pass_time(account, 31)
    foreign = {"name": "Theirs", "release_rules": IDLE}
    made = await client(other_organisation.admin).post("/v1/pools", json=foreign)
    assert made.status_code == 201
    await sweeping.sweep_pools.duty(service_database)
    assert await owner_of(client, organisation, account) is None
    async with service_database.transaction(organisation.id) as connection:
        rows = await connection.fetch("SELECT organisation_id, swept_at FROM pool_sweeps")
    assert [row["organisation_id"] for row in rows] == [organisation.id]
    assert rows[0]["swept_at"] is not None


async def test_accounts_from_before_the_pools_are_found_and_those_changed_since(
    client: Clients, organisation: Organisation, make_pool: MakePool, sweep: Sweep,
    service_database: Database,
) -> None:  # fmt: skip
    """They have no row of dealings until a sweep makes one: their time counts from their creation."""

    async def older(user: User) -> Record:
        made: Record = (await client(user).post("/v1/accounts", json={"name": "老客户"})).json()
        async with service_database.transaction(organisation.id) as connection:
            await connection.execute(
                "UPDATE accounts SET created_at = now() - interval '40 days'"
                " WHERE id = $1::text::uuid",
                made["id"],
            )
        return made

    before = await older(organisation.rep)
    await make_pool(release_rules=IDLE)
    assert (await sweep()).returned == 1
    after = await older(organisation.rep)
    assert (await sweep()).returned == 1
    assert await owner_of(client, organisation, before) is None
    assert await owner_of(client, organisation, after) is None


async def test_a_rule_whose_filter_is_broken_takes_nothing_and_stops_no_other(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount,
    pass_time: PassTime, sweep: Sweep,
) -> None:  # fmt: skip
    admin = client(organisation.admin)
    field = {"resource": "accounts", "key": "own", "kind": "text"}
    made = (await admin.post("/v1/fields", json=field)).json()
    own = {
        "filter_groups": [{"filters": [{"field": "custom.own", "operator": "eq", "value": "x"}]}]
    }
    await make_pool(name="1", priority=1, release_rules=[IDLE[0] | {"filter": own}])
    whole = await make_pool(name="2", priority=2, release_rules=[{"name": "r", "idle_days": 60}])
    account = await make_account(organisation.rep, custom={"own": "x"})
    await admin.delete(f"/v1/fields/{made['id']}")
    await pass_time(account, 40)
    assert (await sweep()).returned == 0
    await pass_time(account, 21)
    assert (await sweep()).returned == 1
    found = (await admin.get(f"/v1/accounts/{account['id']}/pool")).json()
    assert found["pool_id"] == whole["id"]


async def test_facts_only_move_forward_and_the_future_counts_as_now(
    client: Clients, organisation: Organisation, make_account: MakeAccount,
    service_database: Database,
) -> None:  # fmt: skip
    account = await make_account(organisation.rep)
    ids, now = [UUID(account["id"])], datetime.now(UTC)
    path = f"/v1/accounts/{account['id']}/pool"

    async def noted(at: datetime) -> str:
        async with service_database.transaction(organisation.id) as connection:
            await dealings.note_activity(connection, organisation.id, ids, at)
        found: str = (await client(organisation.rep).get(path)).json()["last_activity_at"]
        return found

    first = await noted(now - timedelta(days=5))
    assert await noted(now - timedelta(days=9)) == first
    assert await noted(now - timedelta(days=2)) > first
    future = datetime.fromisoformat(await noted(now + timedelta(days=400)))
    assert now <= future < now + timedelta(minutes=5)
    async with service_database.transaction(organisation.id) as connection:
        for day in (date(2030, 1, 1), date(2029, 1, 1)):
            await dealings.note_contract(connection, organisation.id, ids, day)
    found = (await client(organisation.rep).get(path)).json()
    assert found["contract_ends_on"] == "2030-01-01"


async def test_of_two_accounts_that_become_one_the_newer_facts_count(
    client: Clients, organisation: Organisation, make_account: MakeAccount,
    service_database: Database,
) -> None:  # fmt: skip
    one, other = await make_account(organisation.rep), await make_account(organisation.rep2)
    now = datetime.now(UTC)
    async with service_database.transaction(organisation.id) as connection:
        for account, days in ((one, 9), (other, 4)):
            at = now - timedelta(days=days)
            await dealings.note_activity(connection, organisation.id, [UUID(account["id"])], at)
        await dealings.absorb(connection, organisation.id, UUID(one["id"]), [UUID(other["id"])])
    found = (await client(organisation.rep).get(f"/v1/accounts/{one['id']}/pool")).json()
    assert datetime.fromisoformat(found["last_activity_at"]) == now - timedelta(days=4)

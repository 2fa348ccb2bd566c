"""Claiming: one record, one owner; limits that nobody passes by being quick."""

import asyncio
from collections import Counter
from typing import Any

import orjson

from guanxi_shared.db import Database
from tests.contacts.pools.conftest import MakeAccount, MakePool, PassTime, claim, events_of
from tests.factories import Clients, Organisation


async def test_a_member_sees_a_record_without_its_phone_and_has_it_whole_after_the_claim(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    pool, account = await make_pool(protection_days=7), await make_account(industry="retail")
    rep = client(organisation.rep)
    listed = (await rep.get(f"/v1/pools/{pool['id']}/records")).json()["data"]
    assert [row["id"] for row in listed] == [account["id"]]
    assert "phones" not in listed[0]
    assert (await rep.get(f"/v1/accounts/{account['id']}")).status_code == 404
    claimed = await claim(rep, pool, account)
    assert claimed.status_code == 200, claimed.text
    assert claimed.json()["data"][0]["phones"][0]["number"] == "010-65544321"
    mine = (await rep.get(f"/v1/accounts/{account['id']}")).json()
    assert mine["owner_id"] == str(organisation.rep.id)
    assert mine == claimed.json()["data"][0]
    assert (await rep.get(f"/v1/pools/{pool['id']}/records")).json()["data"] == []
    assert (await events_of(rep, account))[-1] == "claimed"
    outlook = (await rep.get(f"/v1/accounts/{account['id']}/pool")).json()
    assert outlook["from_pool_id"] == pool["id"]
    assert outlook["protected_until"] > mine["updated_at"]


async def test_of_two_claims_at_once_one_wins_and_the_other_is_told_409(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    pool = await make_pool()
    for _ in range(5):
        account = await make_account()
        people = [organisation.rep, organisation.rep2, organisation.junior, organisation.other_rep]
        answers = await asyncio.gather(*(claim(client(user), pool, account) for user in people))
        assert sorted(a.status_code for a in answers) == [200, 409, 409, 409]
        lost = next(answer for answer in answers if answer.status_code == 409)
        assert lost.json()["code"] == "already_claimed"
        assert not any(str(user.id) in lost.text for user in people)
        verbs = await events_of(client(organisation.admin), account)
        assert verbs.count("claimed") == 1


async def test_twenty_claims_at_once_of_one_person_hold_exactly_as_many_as_they_may(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    pool = await make_pool(max_held=5)
    accounts = [await make_account(name=str(number)) for number in range(20)]
    rep = client(organisation.rep)
    answers = await asyncio.gather(*(claim(rep, pool, account) for account in accounts))
    assert Counter(answer.status_code for answer in answers) == {200: 5, 409: 15}
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"claim_limit"}
    assert "max_held" in next(a for a in answers if a.status_code == 409).json()["errors"]
    held = (await rep.get("/v1/accounts", params={"total": "exact"})).json()["page"]["total"]
    assert held == 5


async def test_a_day_gives_so_many_claims_whatever_became_of_the_records(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    pool = await make_pool(max_claims_per_day=2)
    accounts = [await make_account(name=str(number)) for number in range(3)]
    rep = client(organisation.rep)
    answer = (await claim(rep, pool, *accounts)).json()
    assert [row["id"] for row in answer["data"]] == [a["id"] for a in accounts[:2]]
    assert [(r["record_id"], r["code"]) for r in answer["refused"]] == [
        (accounts[2]["id"], "claim_limit")
    ]
    released = await rep.post(f"/v1/accounts/{accounts[0]['id']}/release", json={})
    assert released.status_code == 200, released.text
    refused = await claim(rep, pool, accounts[2])
    assert refused.status_code == 409
    assert "max_claims_per_day" in refused.json()["errors"]
    assert (await claim(client(organisation.rep2), pool, accounts[2])).status_code == 200


async def test_what_somebody_deleted_or_gave_away_is_not_held_any_more(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    pool = await make_pool(max_held=1)
    first, second, third = [await make_account(name=str(number)) for number in range(3)]
    rep = client(organisation.rep)
    assert (await claim(rep, pool, first)).status_code == 200
    assert (await claim(rep, pool, second)).status_code == 409
    await rep.delete(f"/v1/accounts/{first['id']}")
    assert (await claim(rep, pool, second)).status_code == 200
    given = await client(organisation.manager).patch(
        f"/v1/accounts/{second['id']}", json={"owner_id": str(organisation.rep2.id)}
    )
    assert given.status_code == 200
    assert (await claim(rep, pool, third)).status_code == 200


async def test_claim_next_gives_each_of_many_at_once_records_of_their_own(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    pool = await make_pool()
    accounts = [await make_account(name=str(n), staff_count=n) for n in range(12)]
    people = [organisation.rep, organisation.rep2, organisation.junior, organisation.other_rep] * 3
    answers = await asyncio.gather(
        *(client(user).post(f"/v1/pools/{pool['id']}/claim-next", json={}) for user in people)
    )
    taken = [row["id"] for answer in answers for row in answer.json()["data"]]
    assert len(taken) == len(set(taken))
    rest = (await client(organisation.admin).get(f"/v1/pools/{pool['id']}/records")).json()["data"]
    assert {row["id"] for row in rest} | set(taken) == {account["id"] for account in accounts}


async def test_claim_next_takes_by_filter_and_order_and_none_when_none_are_left(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    pool = await make_pool(max_held=3)
    for number in range(4):
        await make_account(name=str(number), staff_count=number, region="北" if number else "南")
    rep, path = client(organisation.rep), f"/v1/pools/{pool['id']}/claim-next"
    north = [{"filters": [{"field": "region", "operator": "eq", "value": "北"}]}]
    asked = {"filter_groups": north, "sorts": ["-staff_count"], "count": 2}
    assert [r["name"] for r in (await rep.post(path, json=asked)).json()["data"]] == ["3", "2"]
    assert [r["name"] for r in (await rep.post(path, json=asked)).json()["data"]] == ["1"]
    assert (await rep.post(path, json=asked)).json()["code"] == "claim_limit"
    rep2 = client(organisation.rep2)
    assert (await rep2.post(path, json=asked)).json() == {"data": [], "refused": []}
    hidden = {"filter_groups": [{"filters": [{"field": "phone", "operator": "eq", "value": "1"}]}]}
    assert (await rep2.post(path, json=hidden)).status_code == 400


async def test_a_repeated_claim_with_the_same_key_is_one_claim(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    pool, account = await make_pool(max_claims_per_day=1), await make_account()
    rep = client(organisation.rep, **{"idempotency-key": "once"})
    first, again = [await claim(rep, pool, account) for _ in range(2)]
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content


async def test_who_is_no_member_neither_sees_nor_claims_and_unknown_records_tell_nothing(
    client: Clients, organisation: Organisation, other_organisation: Organisation,
    make_pool: MakePool, make_account: MakeAccount,
) -> None:  # fmt: skip
    pool = await make_pool(team_ids=[str(organisation.teams["a"])], name="A")
    account, owned = await make_account(name="x"), await make_account(organisation.other_rep)
    junior = client(organisation.junior)  # of a team below the member
    assert len((await junior.get(f"/v1/pools/{pool['id']}/records")).json()["data"]) == 1
    outsider = client(organisation.other_rep)
    for answer in (
        await outsider.get(f"/v1/pools/{pool['id']}/records"),
        await outsider.get(f"/v1/pools/{pool['id']}/stats"),
        await claim(outsider, pool, account),
        await outsider.post(f"/v1/pools/{pool['id']}/claim-next", json={}),
    ):
        assert answer.status_code == 403, answer.text
        assert answer.json()["code"] == "not_a_member"
    reader = client(organisation.read_only)
    assert (await reader.get(f"/v1/pools/{pool['id']}/records")).status_code == 403
    assert (await claim(reader, pool, account)).status_code == 403
    foreign = await claim(client(other_organisation.admin), pool, account)
    assert foreign.status_code == 404
    stranger = await claim(junior, pool, owned)  # somebody's, never in this pool
    nothing = await claim(junior, pool, {"id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"})
    assert stranger.status_code == nothing.status_code == 404
    assert stranger.json()["code"] == nothing.json()["code"]
    assert (await claim(junior, pool, account)).status_code == 200


async def test_only_who_may_hand_out_assigns_and_the_record_is_protected(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    pool, account = await make_pool(max_held=1, protection_days=3), await make_account()
    other = await make_account(name="y")
    sent = {"record_ids": [account["id"], other["id"]], "owner_id": str(organisation.rep.id)}
    path = f"/v1/pools/{pool['id']}/assign"
    assert (await client(organisation.rep).post(path, json=sent)).status_code == 403
    manager = client(organisation.manager)
    abroad = await manager.post(path, json=sent | {"owner_id": str(organisation.other_rep.id)})
    assert abroad.status_code == 403
    nobody = await manager.post(path, json=sent | {"owner_id": str(organisation.id)})
    assert nobody.status_code == 422
    assert "owner_id" in nobody.json()["errors"]
    answer = await manager.post(path, json=sent)
    assert [row["owner_id"] for row in answer.json()["data"]] == [str(organisation.rep.id)] * 2
    assert (await events_of(manager, account))[-1] == "assigned"
    outlook = (await manager.get(f"/v1/accounts/{account['id']}/pool")).json()
    assert outlook["protected_until"] is not None
    again = await manager.post(path, json=sent)
    assert (again.status_code, again.json()["code"]) == (409, "already_claimed")


async def test_a_claim_writes_one_event_that_the_feed_and_the_row_agree_on(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount,
    service_database: Database,
) -> None:  # fmt: skip
    pool, account = await make_pool(), await make_account(custom={}, tags=["a", "b"])
    await claim(client(organisation.rep), pool, account)
    row = await service_database.fetchrow(
        organisation.id,
        "SELECT type, version, changed, before::text, after::text, owner_id, actor_id FROM events"
        " WHERE organisation_id = $2 AND subject_id = $3::text::uuid AND type LIKE '%.claimed'",
        organisation.id,
        account["id"],
    )
    assert row is not None
    stored = (await client(organisation.rep).get(f"/v1/accounts/{account['id']}")).json()
    assert orjson.loads(row["after"]) == stored
    assert row["version"] == stored["version"] == account["version"] + 1
    assert list(row["changed"]) == ["owner_id"]
    before: dict[str, Any] = orjson.loads(row["before"])
    assert before == {"owner_id": None, "pool": {"pool_id": pool["id"]}}
    assert row["owner_id"] == row["actor_id"] == organisation.rep.id


async def test_stats_count_what_waits_and_what_those_one_sees_hold(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    pool = await make_pool()
    accounts = [await make_account(name=str(number)) for number in range(4)]
    await claim(client(organisation.rep), pool, accounts[0], accounts[1])
    await claim(client(organisation.other_rep), pool, accounts[2])
    path = f"/v1/pools/{pool['id']}/stats"
    whole = (await client(organisation.admin).get(path)).json()
    assert (whole["waiting"], whole["held"], whole["claimed_today"]) == (1, 3, 3)
    own = (await client(organisation.rep).get(path)).json()
    assert (own["waiting"], own["held"]) == (1, 2)
    assert [person["user_id"] for person in own["people"]] == [str(organisation.rep.id)]


async def test_a_new_owner_begins_a_period_of_their_own(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount,
    pass_time: PassTime,
) -> None:  # fmt: skip
    await make_pool(release_rules=[{"name": "idle", "idle_days": 30}])
    account = await make_account(organisation.rep)
    await pass_time(account, 20)
    admin, path = client(organisation.admin), f"/v1/accounts/{account['id']}"
    assert (await admin.get(f"{path}/pool")).json()["because"]["days_left"] == 10
    await admin.patch(path, json={"owner_id": str(organisation.rep2.id)})
    assert (await admin.get(f"{path}/pool")).json()["because"]["days_left"] == 30

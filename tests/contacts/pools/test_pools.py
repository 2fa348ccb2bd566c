"""Pools themselves: kept by those who may, refused when they mean nothing, and which takes what."""

from typing import Any

import pytest

from tests.contacts.pools.conftest import MakeAccount, MakePool, claim, events_of
from tests.factories import Clients, Organisation

NOBODY = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"


def only(field: str, value: Any) -> dict[str, Any]:
    return {
        "filter_groups": [{"filters": [{"field": field, "operator": "eq", "value": value}]}]
    }  # fmt: skip


async def test_a_pool_is_made_changed_and_given_up_by_those_who_keep_pools(
    client: Clients, organisation: Organisation, make_pool: MakePool
) -> None:
    rules = [{"name": "idle", "idle_days": 30}]
    pool = await make_pool(release_rules=rules, entry_filter=only("region", "华北"))
    manager, path = client(organisation.manager), f"/v1/pools/{pool['id']}"
    for user in (organisation.rep, organisation.read_only):
        assert (await client(user).get(path)).status_code == 200
        refused = await client(user).patch(path, json={"max_held": 1})
        assert refused.status_code == 403
    # Each field that is sent is replaced whole, the others stay.
    changed = await manager.patch(
        path, json={"release_rules": [{"name": "new", "never_won_days": 9}]}
    )
    assert changed.status_code == 200, changed.text
    assert changed.json()["release_rules"] == [
        {"name": "new", "filter": {"filter_groups": []}, "idle_days": None, "never_won_days": 9,
         "contract_over_days": None}
    ]  # fmt: skip
    assert changed.json()["entry_filter"] == pool["entry_filter"]
    stale = await manager.patch(path, json={"max_held": 1}, headers={"if-match": '"1"'})
    assert stale.status_code == 412
    assert (await manager.delete(path)).status_code == 200
    assert (await manager.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("sent", "field", "status"),
    [
        ({"entry_filter": only("nothing", 1)}, "entry_filter", 422),
        ({"release_rules": [{"name": "r", "idle_days": 1, "filter": only("x", 1)}]},
         "release_rules.0.filter", 422),
        ({"release_rules": [{"name": "r"}]}, "release_rules.0", 422),
        ({"release_rules": [{"name": "r", "idle_days": 0}]}, "release_rules.0.idle_days", 422),
        ({"release_rules": [{"name": "r", "idle_days": 1}] * 2}, "release_rules", 422),
        ({"team_ids": [NOBODY]}, "team_ids", 422),
        ({"user_ids": [NOBODY]}, "user_ids", 422),
        ({"max_held": 0}, "max_held", 422),
        ({"warn_days": -1}, "warn_days", 422),
        ({"resource": "contacts"}, "resource", 422),
        ({"name": "Taken"}, "name", 409),
    ],
)  # fmt: skip
async def test_what_a_pool_is_refused_for_is_named(
    client: Clients, organisation: Organisation, make_pool: MakePool, sent: dict[str, Any],
    field: str, status: int,
) -> None:  # fmt: skip
    await make_pool(name="Taken")
    admin = client(organisation.admin)
    answer = await admin.post("/v1/pools", json={"name": "New", **sent})
    assert answer.status_code == status, answer.text
    assert field in answer.json()["errors"]


async def test_an_ownerless_record_lies_in_the_first_pool_whose_filter_it_fits(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    south = await make_pool(name="South", priority=1, entry_filter=only("region", "南"))
    graded = await make_pool(name="A", priority=2, entry_filter=only("grade", "A"))
    rest = await make_pool(name="Rest", priority=3)
    for name, region, grade in (
        ("1", "南", "A"),
        ("2", "北", "A"),
        ("3", "北", None),
        ("4", None, None),
    ):
        await make_account(name=name, region=region, grade=grade)
    rep, lies = client(organisation.rep), {}
    for pool in (south, graded, rest):
        rows = (await rep.get(f"/v1/pools/{pool['id']}/records")).json()["data"]
        lies[pool["name"]] = sorted(row["name"] for row in rows)
    assert lies == {"South": ["1"], "A": ["2"], "Rest": ["3", "4"]}
    found = (await rep.get(f"/v1/pools/{rest['id']}/records", params={"name": "3"})).json()["data"]
    elsewhere = await claim(rep, south, found[0])
    assert elsewhere.status_code == 404


async def test_a_release_goes_where_it_is_sent_and_back_when_that_pool_is_given_up(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    first = await make_pool(name="First", priority=1, entry_filter=only("grade", "A"))
    second = await make_pool(name="Second", priority=2, entry_filter=only("grade", "B"))
    account = await make_account(organisation.rep, grade="A")
    rep, path = client(organisation.rep), f"/v1/accounts/{account['id']}"
    other = await client(organisation.rep2).post(f"{path}/release", json={})
    assert other.status_code == 404
    unknown = await rep.post(f"{path}/release", json={"pool_id": NOBODY})
    assert unknown.status_code == 422
    assert "pool_id" in unknown.json()["errors"]
    sent = {"pool_id": second["id"], "reason": "Not mine"}
    released = await rep.post(f"{path}/release", json=sent)
    assert released.status_code == 200, released.text
    assert released.json()["owner_id"] is None
    admin = client(organisation.admin)
    assert (await admin.get(f"{path}/pool")).json()["pool_id"] == second["id"]
    newest = (await admin.get(f"{path}/history")).json()["data"][0]
    assert newest["type"] == "contacts.account.released"
    assert newest["before"]["pool"] == sent
    again = await admin.post(f"{path}/release", json={})
    assert (again.status_code, again.json()["code"]) == (409, "not_owned")
    await admin.delete(f"/v1/pools/{second['id']}")
    assert (await admin.get(f"{path}/pool")).json()["pool_id"] == first["id"]


async def test_a_record_that_no_pool_takes_is_not_released_into_nowhere(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    await make_pool(entry_filter=only("grade", "A"))
    account = await make_account(organisation.rep, grade="B")
    rep, path = client(organisation.rep), f"/v1/accounts/{account['id']}"
    refused = await rep.post(f"{path}/release", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_pool")
    assert (await rep.get(path)).json()["version"] == account["version"]
    assert (await events_of(rep, account))[-1] == "updated"


async def test_a_pool_behind_one_whose_filter_is_broken_shows_nothing_until_that_is_mended(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    """What the broken filter kept for its own members must not appear to others."""
    admin = client(organisation.admin)
    field = {"resource": "accounts", "key": "own", "kind": "text"}
    made = (await admin.post("/v1/fields", json=field)).json()
    broken = await make_pool(name="Broken", priority=1, entry_filter=only("custom.own", "x"))
    pool = await make_pool(name="Behind", priority=2)
    await make_account(name="secret", custom={"own": "x"})
    rep, path = client(organisation.rep), f"/v1/pools/{pool['id']}/records"
    assert (await rep.get(path)).json()["data"] == []
    await admin.delete(f"/v1/fields/{made['id']}")
    for answer in (
        await rep.get(path),
        await rep.post(f"/v1/pools/{pool['id']}/claim-next", json={}),
    ):
        assert answer.status_code == 422
        assert answer.json()["code"] == "broken_filter"
        assert "'Broken'" in answer.json()["detail"]
    mended = await admin.patch(
        f"/v1/pools/{broken['id']}", json={"entry_filter": only("grade", "A")}
    )
    assert mended.status_code == 200
    assert [row["name"] for row in (await rep.get(path)).json()["data"]] == ["secret"]


async def test_what_is_hidden_in_a_pool_cannot_be_asked_for(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    pool = await make_pool()
    await make_account()
    rep, path = client(organisation.rep), f"/v1/pools/{pool['id']}/records"
    for params in (
        {"phone": "010-65544321"}, {"phones[has]": "010-65544321"}, {"q": "65544321"}, {"sort": "domain"},
        {"fields": "phones"}, {"include": "contacts"}, {"email": "a@b.example"}, {"domain": "b.example"},
        {"segment_id": NOBODY}, {"custom.own": "x"}, {"external_id": "x"},
    ):  # fmt: skip
        assert (await rep.get(path, params=params)).status_code == 400, params
    assert len((await rep.get(path, params={"name[contains]": "未来"})).json()["data"]) == 1


async def test_pages_of_a_pool_hold_together_while_others_claim(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount
) -> None:
    pool = await make_pool()
    accounts = [await make_account(name=str(number)) for number in range(6)]
    rep, path = client(organisation.rep), f"/v1/pools/{pool['id']}/records"
    first = (await rep.get(path, params={"limit": 2})).json()
    await claim(client(organisation.rep2), pool, accounts[0], accounts[3])
    params = {"limit": 4, "cursor": first["page"]["next_cursor"]}
    rest = (await rep.get(path, params=params)).json()
    seen = [row["name"] for row in (*first["data"], *rest["data"])]
    assert seen == ["0", "1", "2", "4", "5"]
    assert rest["page"]["has_more"] is False

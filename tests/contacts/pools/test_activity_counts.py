"""What is done with an account keeps it: activities tell the rules of pools."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.contacts.pools.conftest import MakeAccount, MakePool, PassTime, Sweep
from tests.factories import Clients, Organisation

DONE: dict[str, str] = {"kind": "call", "subject": "电话", "status": "done"}


@pytest.mark.parametrize("way", ["created", "completed", "patched", "linked", "batch"])
async def test_each_way_of_doing_something_counts(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount,
    pass_time: PassTime, sweep: Sweep, way: str,
) -> None:  # fmt: skip
    await make_pool(release_rules=[{"name": "idle", "idle_days": 30}])
    account, rep = await make_account(organisation.rep), client(organisation.rep)
    await pass_time(account, 31)
    links = {"account_ids": [account["id"]]}
    if way == "created":
        answer = await rep.post("/v1/activities", json=DONE | links)
    elif way == "batch":
        operation = {"op": "create", "data": DONE | links}
        answer = await rep.post("/v1/activities/batch", json={"operations": [operation]})
    else:
        sent = DONE if way == "linked" else DONE | links | {"status": "planned"}
        made = (await rep.post("/v1/activities", json=sent)).json()
        path = f"/v1/activities/{made['id']}"
        if way == "completed":
            answer = await rep.post(f"{path}/complete", json={})
        else:
            answer = await rep.patch(path, json=links if way == "linked" else {"status": "done"})
    assert answer.status_code in (200, 201), answer.text
    outlook = (await rep.get(f"/v1/accounts/{account['id']}/pool")).json()
    assert datetime.fromisoformat(outlook["last_activity_at"]) > datetime.now(UTC) - timedelta(
        minutes=5
    )
    assert (await sweep()).returned == 0


async def test_what_is_only_planned_keeps_nothing(
    client: Clients, organisation: Organisation, make_pool: MakePool, make_account: MakeAccount,
    pass_time: PassTime, sweep: Sweep,
) -> None:  # fmt: skip
    await make_pool(release_rules=[{"name": "idle", "idle_days": 30}])
    account = await make_account(organisation.rep)
    await pass_time(account, 31)
    planned = DONE | {"status": "planned", "account_ids": [account["id"]]}
    answer = await client(organisation.rep).post("/v1/activities", json=planned)
    assert answer.status_code == 201, answer.text
    assert (await sweep()).returned == 1

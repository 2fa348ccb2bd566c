"""Who goes on with a conversion, for how long alone, and what stays as it was meanwhile."""

from typing import Any

import pytest

from guanxi_pipeline.conversions import kept, running
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.pipeline.leads.conftest import Made, Worked
from tests.pipeline.leads.converting import WHOLE, deals_of, demand_whole
from tests.pipeline.leads.fake_contacts import FakeContacts

OVER = "UPDATE lead_conversions SET next_try_at = now() - interval '1 second'"


@pytest.mark.parametrize("who", ["manager", "rep"])
async def test_whoever_sends_it_again_goes_on_in_the_name_of_those_who_asked(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    who: str,
) -> None:  # fmt: skip
    contacts_fake.dies = {"before POST contacts": 1}
    rep = client(organisation.rep)
    assert (await rep.post(f"{lead_path}/convert", json=WHOLE)).status_code == 202
    # Nothing but leads is theirs to change: another person, or the same one by a lesser key.
    lesser = organisation.users[who].but(permissions=("leads:*",))
    again = await client(lesser).post(f"{lead_path}/convert", json=WHOLE)
    assert (again.status_code, again.json()["status"]) == (200, "done"), again.text
    deal = await demand_whole(client, organisation, contacts_fake, lead_path)
    tokens = [token for step, token in contacts_fake.calls if step == "POST contacts"]
    own = client(lesser).headers["authorization"].removeprefix("Bearer ")
    assert len(tokens) == 2
    assert own not in tokens
    (told,) = (await rep.get(f"/v1/opportunities/{deal['id']}/history")).json()["data"]
    assert (told["actor_id"], told["channel"]) == (str(organisation.rep.id), "conversion")


async def test_whose_time_is_over_does_not_open_the_door_of_those_who_took_over(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    service_database: Database,
) -> None:  # fmt: skip
    contacts_fake.dies = {"before POST accounts": 1}
    answer = await client(organisation.rep).post(f"{lead_path}/convert", json=WHOLE)
    conversion_id = answer.json()["id"]
    late = await kept.take_up(service_database, organisation.id, conversion_id)
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(OVER)
    present = await kept.take_up(service_database, organisation.id, conversion_id)
    assert late is not None
    assert present is not None
    await kept.leave(service_database, organisation.id, late)
    assert await kept.take_up(service_database, organisation.id, conversion_id) is None
    await kept.leave(service_database, organisation.id, present)
    assert await kept.take_up(service_database, organisation.id, conversion_id) is not None


async def test_a_run_is_over_before_another_may_begin(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    worked: Worked, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """However many calls it takes: their time is that of the run."""
    monkeypatch.setattr(running, "RUN_SECONDS", 0.2)
    contacts_fake.slow_seconds = 0.15
    answer = await client(organisation.rep).post(f"{lead_path}/convert", json=WHOLE)
    assert (answer.status_code, answer.json()["status"]) == (202, "pending"), answer.text
    assert [len(found) for found in contacts_fake.records.values()] == [1, 0]
    contacts_fake.slow_seconds = 0.0
    await worked()
    await demand_whole(client, organisation, contacts_fake, lead_path)


async def test_the_time_of_a_run_ends_before_its_lease(service_database: Database) -> None:
    async with service_database.transaction(new_id()) as connection:
        lease = await connection.fetchval(f"SELECT extract(epoch FROM {kept.LEASE})::float8")
    assert lease > running.RUN_SECONDS


async def test_meanwhile_nobody_changes_what_it_stands_on(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, made: Made,
    lead_path: str, worked: Worked,
) -> None:  # fmt: skip
    team = {"owner_id": None, "team_id": str(organisation.teams["a"])}
    waiting = await made(organisation.admin, **team)
    pooled = f"/v1/leads/{waiting['id']}"
    contacts_fake.dies = {"before POST accounts": 2}
    rep, rep2 = client(organisation.rep), client(organisation.rep2)
    for path in (lead_path, pooled):
        assert (await rep.post(f"{path}/convert", json=WHOLE)).status_code == 202
    before = [(await rep.get(path)).json() for path in (lead_path, pooled)]
    manager = client(organisation.manager)
    to_rep2 = {"owner_id": str(organisation.rep2.id)}
    batch: dict[str, Any] = {"mode": "independent", "operations": [
        {"op": "update", "id": waiting["id"], "data": {"company": "Acme"}}]}  # fmt: skip
    refused = [
        await manager.patch(lead_path, json={"company": "Acme"}),
        await manager.patch(lead_path, json=to_rep2),
        await manager.post(f"{lead_path}/assign", json=to_rep2),
        await rep2.post(f"{pooled}/claim"),
    ]
    for answer in refused:
        found = (answer.status_code, answer.json()["code"])
        assert found == (409, "conversion_under_way"), answer.text
    (result,) = (await manager.post("/v1/leads/batch", json=batch)).json()["results"]
    assert result["problem"]["code"] == "conversion_under_way"
    # The best of the pool is the next one that is free.
    none = await rep2.post("/v1/leads/claim-next", json={})
    assert (none.status_code, none.json()["code"]) == (404, "pool_empty")
    assert [(await rep.get(path)).json() for path in (lead_path, pooled)] == before
    await worked()
    assert {(await rep.get(path)).json()["status"] for path in (lead_path, pooled)} == {"converted"}
    assert len(await deals_of(client, organisation)) == 2


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"account": {"fields": {"name": "a\x00b"}}}, "account.fields"),
     ({"account": {"fields": {"a\x00": 1}}}, "account.fields"),
     ({"contact": {"fields": {"emails": [{"address": "\x00"}]}}}, "contact.fields"),
     ({"opportunity": {"custom": {"a": ["\x00"]}}}, "opportunity")],
)  # fmt: skip
async def test_what_cannot_be_kept_is_named(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, lead_path: str,
    asked: dict[str, Any], field: str,
) -> None:  # fmt: skip
    refused = await client(organisation.rep).post(f"{lead_path}/convert", json=asked)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [field]), refused.text

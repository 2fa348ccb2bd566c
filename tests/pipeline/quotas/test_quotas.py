"""Quotas: whose they are, who sees them, and that there is one of each."""

import asyncio
from typing import Any

import pytest

from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Stages

AMOUNT = {"amount": "900000.00", "currency": "CNY"}


def quota(**more: Any) -> dict[str, Any]:
    return {"period": "quarter", "starts_on": "2026-10-01", "amount": AMOUNT} | more


async def test_a_person_sees_their_own_quota_and_their_teams_and_nobody_elses(
    client: Clients, organisation: Organisation
) -> None:
    manager = client(organisation.manager)
    for whose in (
        {"owner_id": str(organisation.rep.id)},
        {"owner_id": str(organisation.rep2.id)},
        {"owner_id": str(organisation.junior.id)},
        {"team_id": str(organisation.teams["a"])},
    ):
        made = await manager.post("/v1/quotas", json=quota(**whose))
        assert made.status_code == 201, made.text
    seen = {
        name: {
            row["owner_id"] or row["team_id"]
            for row in (await client(organisation.users[name]).get("/v1/quotas")).json()["data"]
        }
        for name in ("rep", "junior", "manager", "other_rep")
    }
    team = str(organisation.teams["a"])
    assert seen["rep"] == {str(organisation.rep.id), team}
    assert seen["junior"] == {str(organisation.junior.id)}
    assert len(seen["manager"]) == 4
    assert seen["other_rep"] == set()


async def test_there_is_one_quota_for_each_combination_even_at_once(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    manager = client(organisation.manager)
    owner = str(organisation.rep.id)
    answers = await asyncio.gather(
        *(manager.post("/v1/quotas", json=quota(owner_id=owner)) for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert refused["code"] == "not_unique"
    assert "starts_on" in refused["errors"]
    for other in (
        {"pipeline_id": stages.pipeline_id},
        {"period": "year", "starts_on": "2026-01-01"},
    ):
        assert (
            await manager.post("/v1/quotas", json=quota(owner_id=owner, **other))
        ).status_code == 201


async def test_it_is_changed_put_away_and_brought_back(
    client: Clients, organisation: Organisation
) -> None:
    manager = client(organisation.manager)
    made = (await manager.post("/v1/quotas", json=quota(owner_id=str(organisation.rep.id)))).json()
    path = f"/v1/quotas/{made['id']}"
    raised = await manager.patch(
        path, json={"amount": {"amount": "1000000", "currency": "CNY"}}, headers={"if-match": '"1"'}
    )
    assert raised.json()["amount"]["amount"] == "1000000.00"
    stale = await manager.patch(path, json={"note": "late"}, headers={"if-match": '"1"'})
    assert stale.status_code == 412
    assert (await manager.delete(path)).status_code == 200
    assert (await manager.get(path)).status_code == 404
    again = await manager.post("/v1/quotas", json=quota(owner_id=str(organisation.rep.id)))
    assert again.status_code == 201
    clash = await manager.post(path + "/restore")
    assert clash.status_code == 409
    await manager.delete(f"/v1/quotas/{again.json()['id']}")
    assert (await manager.post(path + "/restore")).status_code == 200
    history = (await manager.get(path + "/history")).json()["data"]
    assert [entry["type"].rpartition(".")[2] for entry in history] == [
        "restored", "deleted", "updated", "created",
    ]  # fmt: skip
    then = await manager.get(path, params={"as_of": made["created_at"]})
    assert then.json()["amount"] == AMOUNT


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({}, 422, "owner_id"),
        ({"owner_id": "rep", "team_id": "a"}, 422, "owner_id"),
        ({"owner_id": "rep", "starts_on": "2026-11-01"}, 422, "starts_on"),
        ({"owner_id": "rep", "starts_on": "2026-10-02", "period": "month"}, 422, "starts_on"),
        ({"owner_id": "rep", "period": "week"}, 422, "period"),
        ({"owner_id": "rep", "amount": {"amount": "0", "currency": "CNY"}}, 422, "amount"),
        ({"owner_id": "rep", "amount": {"amount": "1", "currency": "AAA"}}, 422, "amount"),
        ({"owner_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}, 422, "owner_id"),
        ({"owner_id": "rep", "pipeline_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}, 422, "pipeline_id"),
        ({"owner_id": "other_rep"}, 403, "owner_id"),
        ({"team_id": "b"}, 403, "team_id"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_nothing_is_written(
    client: Clients, organisation: Organisation, sent: dict[str, Any], status: int, field: str
) -> None:
    named = dict(sent)
    if sent.get("owner_id") in organisation.users:
        named["owner_id"] = str(organisation.users[sent["owner_id"]].id)
    if sent.get("team_id") in organisation.teams:
        named["team_id"] = str(organisation.teams[sent["team_id"]])
    manager = client(organisation.manager.but(permissions=("quotas:*",)))
    refused = await manager.post("/v1/quotas", json=quota(**named))
    assert refused.status_code == status, refused.text
    assert any(name.startswith(field) for name in refused.json()["errors"]), refused.text
    assert (await manager.get("/v1/quotas?total=exact")).json()["page"]["total"] == 0


@pytest.mark.parametrize("name", ["period", "starts_on", "amount", "owner_id"])
async def test_what_a_quota_cannot_be_without_is_not_taken_away(
    client: Clients, organisation: Organisation, name: str
) -> None:
    manager = client(organisation.manager)
    made = (await manager.post("/v1/quotas", json=quota(owner_id=str(organisation.rep.id)))).json()
    path = f"/v1/quotas/{made['id']}"
    refused = await manager.patch(path, json={name: None})
    assert refused.status_code == 422, refused.text
    assert list(refused.json()["errors"]) == [name]
    assert (await manager.get(path)).json() == made


async def test_a_salesperson_reads_quotas_and_sets_none(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    refused = await rep.post("/v1/quotas", json=quota(owner_id=str(organisation.rep.id)))
    assert refused.status_code == 403


async def test_a_batch_sets_a_teams_quotas_or_none(
    client: Clients, organisation: Organisation
) -> None:
    manager = client(organisation.manager)
    wanted = [
        {"op": "create", "data": quota(owner_id=str(user.id), external_id=user.name)}
        for user in (organisation.rep, organisation.rep2)
    ]
    done = await manager.post("/v1/quotas/batch", json={"operations": wanted})
    assert done.json()["succeeded"] == 2, done.text
    more = [{"op": "create", "data": quota(owner_id=str(organisation.junior.id))}, wanted[0]]
    refused = await manager.post("/v1/quotas/batch", json={"operations": more})
    assert refused.status_code == 422
    found = await manager.post(
        "/v1/quotas/search",
        json={"filter_groups": [{"filters": [{"field": "period", "operator": "eq", "value": "quarter"}]}]},
    )  # fmt: skip
    assert len(found.json()["data"]) == 2
    upsert = {
        "op": "update",
        "match": {"field": "external_id", "value": "rep"},
        "data": {"note": "x"},
    }
    changed = await manager.post("/v1/quotas/batch", json={"operations": [upsert]})
    assert changed.json()["results"][0]["data"]["note"] == "x"

"""Submitted forecasts: who may say what, what is kept, and what it sums to."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from guanxi_shared.db import Database
from tests.deadlines import until
from tests.factories import Clients, Organisation, User
from tests.pipeline.conftest import Stages
from tests.pipeline.deals import pipeline_with

PATH = "/v1/forecasts/calls"
HOLD = "SELECT 1 FROM forecast_calls WHERE id = $1 FOR UPDATE"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"


def said(committed: str, **more: Any) -> dict[str, Any]:
    return {"period": "2026-Q4", "commit": {"amount": committed, "currency": "CNY"}} | more


async def submit(client: Clients, user: User, amount: str, **more: Any) -> dict[str, Any]:
    answer = await client(user).post(PATH, json=said(amount, **more))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_newest_counts_and_every_one_is_kept(
    client: Clients, organisation: Organisation
) -> None:
    first = await submit(client, organisation.rep, "100", note="hopeful")
    second = await submit(
        client, organisation.rep, "80", best_case={"amount": "90", "currency": "CNY"}
    )
    assert (second["id"], second["version"], second["commit"]["amount"]) == (
        first["id"],
        2,
        "80.00",
    )
    history = (await client(organisation.rep).get(f"{PATH}/{first['id']}/history")).json()["data"]
    assert [entry["after"]["commit"]["amount"] for entry in history] == ["80.00", "100.00"]
    assert {entry["type"] for entry in history} == {"pipeline.forecast.submitted"}
    assert {entry["actor_id"] for entry in history} == {str(organisation.rep.id)}
    listed = (await client(organisation.rep).get(PATH, params={"period": "2026-Q4"})).json()
    assert [each["version"] for each in listed["calls"]] == [2]
    assert (await client(organisation.rep).get(PATH, params={"period": "2026-11"})).json()[
        "calls"
    ] == []


async def test_a_roll_up_sums_the_subtree_with_adjustments_beside(
    client: Clients, organisation: Organisation
) -> None:
    mine = await submit(client, organisation.rep, "100")
    await submit(client, organisation.rep2, "50", best_case={"amount": "70", "currency": "CNY"})
    await submit(client, organisation.junior, "7")
    await submit(client, organisation.other_rep, "9000")
    await submit(client, organisation.manager, "20")
    await submit(client, organisation.manager, "160", is_roll_up=True)
    manager = client(organisation.manager)
    adjusted = await manager.put(
        f"{PATH}/{mine['id']}/adjust",
        json={"commit": {"amount": "60", "currency": "CNY"}, "note": "less"},
    )
    assert adjusted.status_code == 200, adjusted.text
    assert adjusted.json()["commit"]["amount"] == "100.00"
    assert adjusted.json()["adjusted_by"] == str(organisation.manager.id)
    found = (await manager.get(PATH, params={"period": "2026-Q4"})).json()
    amounts = {
        name: value[0]["amount"] for name, value in found["roll_up"].items() if name != "people"
    }
    assert amounts == {
        "commit": "177.00", "best_case": "197.00", "adjusted_commit": "137.00",
        "adjusted_best_case": "157.00",
    }  # fmt: skip
    assert (found["roll_up"]["people"], len(found["calls"])) == (4, 5)
    own = next(each for each in found["calls"] if each["is_roll_up"])
    again = await manager.put(
        f"{PATH}/{own['id']}/adjust", json={"commit": {"amount": "150", "currency": "CNY"}}
    )
    assert again.json()["adjusted_commit"]["amount"] == "150.00"
    later = await submit(client, organisation.rep, "110")
    assert later["adjusted_commit"]["amount"] == "60.00"  # stays, and is seen to be older
    assert later["adjusted_at"] < later["submitted_at"]


async def test_only_oneself_or_who_leads_says_it(
    client: Clients, organisation: Organisation
) -> None:
    theirs = await submit(client, organisation.rep2, "50")
    rep, manager = client(organisation.rep), client(organisation.manager)
    for sender, owner in ((rep, organisation.rep2), (manager, organisation.other_rep)):
        refused = await sender.post(PATH, json=said("1", owner_id=str(owner.id)))
        assert (refused.status_code, refused.json()["code"]) == (403, "not_leading")
    assert (await rep.post(PATH, json=said("1", is_roll_up=True))).status_code == 403
    on_behalf = await submit(client, organisation.manager, "55", owner_id=str(organisation.rep2.id))
    assert (on_behalf["id"], on_behalf["submitted_by"]) == (
        theirs["id"],
        str(organisation.manager.id),
    )
    adjusting = {"commit": {"amount": "1", "currency": "CNY"}}
    assert (await rep.put(f"{PATH}/{theirs['id']}/adjust", json=adjusting)).status_code == 404
    own = await client(organisation.rep2).put(f"{PATH}/{theirs['id']}/adjust", json=adjusting)
    assert own.status_code == 403
    colleague = client(organisation.rep.but(visibility={"*": "team"}))
    seen = await colleague.put(f"{PATH}/{theirs['id']}/adjust", json=adjusting)
    assert (seen.status_code, seen.json()["code"]) == (403, "not_leading")


async def test_two_calls_at_once_are_two_versions_of_one(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    answers = await asyncio.gather(*(rep.post(PATH, json=said(str(n))) for n in range(1, 9)))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["version"] for answer in answers) == list(range(1, 9))
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_a_call_that_waited_for_an_adjustment_was_submitted_after_it(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    """Else the adjustment of the earlier call would seem to be of the later one."""
    first = await submit(client, organisation.rep, "100")
    async with service_database.transaction(organisation.id) as held:
        await held.execute(HOLD, UUID(first["id"]))
        waiting = asyncio.create_task(submit(client, organisation.rep, "90"))
        await until(lambda: service_database.pool.fetchval(WAITING))
        adjusted_at = datetime.now(UTC)
    assert datetime.fromisoformat((await waiting)["submitted_at"]) > adjusted_at


async def test_a_call_of_all_pipelines_holds_those_of_single_ones(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    """What somebody says of everything has what they say of a part in it; nobody is counted twice."""
    other = (await pipeline_with(client(organisation.admin), "Other")).pipeline_id
    for user, amount, of in (
        (organisation.rep, "100", None), (organisation.rep, "30", stages.pipeline_id),
        (organisation.rep2, "5", stages.pipeline_id), (organisation.rep2, "7", other),
    ):  # fmt: skip
        await submit(client, user, amount, pipeline_id=of)
    manager = client(organisation.manager)
    for asked, people, expected in (
        ({}, 2, "112.00"), ({"pipeline_id": stages.pipeline_id}, 2, "35.00"),
        ({"pipeline_id": other}, 1, "7.00"), ({"owner_id": str(organisation.rep.id)}, 1, "100.00"),
    ):  # fmt: skip
        found = (await manager.get(PATH, params={"period": "2026-Q4"} | asked)).json()["roll_up"]
        assert found["people"] == people, asked
        for name in ("commit", "best_case", "adjusted_commit", "adjusted_best_case"):
            assert found[name] == [{"amount": expected, "currency": "CNY"}], (asked, name)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"period": "soon"}, "period"),
        ({"commit": {"amount": "-1", "currency": "CNY"}}, "commit"),
        ({"best_case": {"amount": "5", "currency": "CNY"}}, "best_case"),
        ({"best_case": {"amount": "500", "currency": "USD"}}, "best_case"),
        ({"pipeline_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}, "pipeline_id"),
        ({"amount": "5"}, "amount"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_written(
    client: Clients, organisation: Organisation, stages: Stages, sent: Any, field: str
) -> None:
    rep = client(organisation.rep)
    refused = await rep.post(PATH, json=said("100", **sent))
    assert refused.status_code == 422, refused.text
    assert field in refused.json()["errors"], refused.text
    assert (await rep.get(PATH, params={"period": "2026-Q4"})).json()["calls"] == []
    bad = await rep.get(PATH, params={"owner_id": "me"})
    assert (bad.status_code, list(bad.json()["errors"])) == (400, ["owner_id"])


async def test_everybody_who_sees_it_hears_of_it(
    client: Clients, organisation: Organisation
) -> None:
    made = await submit(client, organisation.rep, "100")
    for user, expected in ((organisation.manager, [made["id"]]), (organisation.other_rep, [])):
        answer = await client(user).get(
            "/v1/events", params={"types": "pipeline.forecast.submitted"}
        )
        assert [event["data"]["id"] for event in answer.json()] == expected

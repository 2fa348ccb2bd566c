"""A model in use: what it says of one deal, and which deals take what it says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest

from guanxi_pipeline.pipelines.starting import begin_pipeline
from guanxi_pipeline.win_model import applying
from guanxi_pipeline.win_model.applying import apply_in, apply_win_models
from guanxi_pipeline.win_model.model_rules import Model
from guanxi_pipeline.win_model.schemas import WinProbability
from guanxi_pipeline.win_model.term_rules import NONE, Term
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from guanxi_shared.jobs import to_json
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Known, Stages, stages_of

GIVEN = """
INSERT INTO win_models (organisation_id, id, pipeline_id, verdict, comparison, model, is_in_use)
VALUES ($1, $2, $3, 'better', $4::text::jsonb, $5::text::jsonb, true)
ON CONFLICT (organisation_id, pipeline_id) DO UPDATE SET id = excluded.id, model = excluded.model, applied_at = NULL
"""
SCORES = {"brier": 0.15, "log_loss": 0.4, "auc": 0.8}
GAIN = {"mean": 0.1, "low": 0.05, "high": 0.15}
COMPARISON = {
    "verdict": "better", "sentence": "Better than your win rate and your stages' probabilities.",
    "scores": dict.fromkeys(("learnt", "win_rate", "stage_default"), SCORES),
    "gains": dict.fromkeys(("win_rate", "stage_default"), GAIN),
    "calibration": [{"n": 60, "won": 30, "predicted": 49.0, "observed": 50.0, "low": 37.7, "high": 62.3}],
    "win_rate": 50.0, "win_rate_by_stage": {}, "closed": {"won": 150, "lost": 150}, "moments": 300,
    "learnt_from": 240, "held_back": 60, "held_back_since": "2026-01-01", "in_neither": 0, "withheld": [],
}  # fmt: skip
Given = Callable[..., Awaitable[None]]
Rep = httpx.AsyncClient


@pytest.fixture
def given(service_database: Database, organisation: Organisation, stages: Stages) -> Given:
    """A model in use: referrals +1.5 log-odds more than others, Proposal +2, the steel industry +1."""

    async def made(*, weight: float = 1.5) -> None:
        model = Model(
            intercept=0.0,
            terms=(
                Term("source", "referral", 0.5),
                Term("source", NONE, 0.5),
                Term("stage", stages["Proposal"], 0.5),
                Term("industry", "steel", 0.5),
            ),
            weights=(weight, 0.0, 2.0, 1.0), slope=1.0, offset=0.0,
        )  # fmt: skip
        async with service_database.transaction(organisation.id) as connection:
            await connection.execute(
                GIVEN, organisation.id, new_id(), UUID(stages.pipeline_id), to_json(COMPARISON),
                to_json(model.as_json()),
            )  # fmt: skip

    return made


@pytest.fixture
async def rep(client: Clients, organisation: Organisation) -> AsyncIterator[Rep]:
    async with client(organisation.rep) as found:
        yield found


@pytest.fixture
def applied(service_database: Database, organisation: Organisation) -> Callable[[], Awaitable[int]]:
    """A round of the duty."""
    return lambda: apply_in(service_database, organisation.id)


Applied = Callable[[], Awaitable[int]]


async def switch(client: Clients, organisation: Organisation, stages: Stages, *, on: bool) -> None:
    path = f"/v1/pipelines/{stages.pipeline_id}"
    answer = await client(organisation.admin).patch(path, json={"uses_model": on})
    assert answer.json()["uses_model"] is on


async def opened(rep: Rep, **more: Any) -> dict[str, Any]:
    answer = await rep.post("/v1/opportunities", json={"name": "Deal", **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def now(rep: Rep, deal: dict[str, Any]) -> tuple[float, str]:
    found = (await rep.get(f"/v1/opportunities/{deal['id']}")).json()
    return found["probability"], found["probability_source"]


async def test_every_answer_is_given_with_what_moved_it(
    rep: Rep, given: Given, stages: Stages, account: Known
) -> None:
    await given()
    deal = await opened(rep, source="referral", account_id=await account(industry="steel"))
    found = (await rep.get(f"/v1/opportunities/{deal['id']}/win-probability")).json()
    WinProbability.model_validate(found)
    assert (found["in_use"], found["stage_default"], found["by_hand"]) == ("stage", 10, None)
    assert (found["learnt"], found["why_not"]) == (pytest.approx(77.73), None)  # 1 / (1 + e^-1.25)
    assert [(each["term"], each["value"], each["log_odds"]) for each in found["evidence"]] == [
        ("source", "referral", 0.75), ("industry", "steel", 0.5),
    ]  # fmt: skip
    points = sum(Decimal(str(each["points"])) for each in found["evidence"])
    assert Decimal(str(found["base_probability"])) + points == Decimal(str(found["learnt"]))
    assert found["calibration"] == COMPARISON["calibration"]
    assert (found["n"], found["model_id"] is not None) == (300, True)


async def test_a_probability_by_hand_is_shown_as_one(
    rep: Rep, given: Given, stages: Stages
) -> None:
    await given()
    deal = await opened(rep, probability=60)
    found = (await rep.get(f"/v1/opportunities/{deal['id']}/win-probability")).json()
    assert (found["in_use"], found["by_hand"], found["stage_default"]) == ("manual", 60, 10)
    assert found["learnt"] == pytest.approx(32.08)  # no source: half of 1.5 below the average
    assert found["probability"] == 60


async def test_nothing_learnt_says_why(rep: Rep, stages: Stages, given: Given) -> None:
    deal = await opened(rep)
    path = f"/v1/opportunities/{deal['id']}/win-probability"
    found = (await rep.get(path)).json()
    WinProbability.model_validate(found)
    assert found["learnt"] is None
    assert "200 closed deals" in found["why_not"]
    await given()
    await rep.post(f"/v1/opportunities/{deal['id']}/move", json={"stage_id": stages["Won"]})
    found = (await rep.get(path)).json()
    assert (found["learnt"], found["why_not"], found["stage_default"]) == (None, "It is won.", 100)


async def test_a_deal_that_is_not_seen_has_no_probability(
    rep: Rep, client: Clients, organisation: Organisation, given: Given, account: Known
) -> None:
    await given()
    account_id = await account(industry="steel", owner=organisation.rep2)
    deal = await opened(
        client(organisation.manager), account_id=account_id, owner_id=str(organisation.rep.id)
    )
    path = f"/v1/opportunities/{deal['id']}/win-probability"
    assert (await client(organisation.other_rep).get(path)).status_code == 404
    shown = (await client(organisation.manager).get(path)).json()["evidence"]
    hidden = (await rep.get(path)).json()["evidence"]
    assert {each["term"]: each["value"] for each in shown}["industry"] == "steel"
    assert {each["term"]: each["value"] for each in hidden}["industry"] is None
    assert [each["log_odds"] for each in shown] == [each["log_odds"] for each in hidden]


async def test_open_deals_take_it_when_the_pipeline_says_so(
    rep: Rep, client: Clients, organisation: Organisation, given: Given, stages: Stages, applied: Applied
) -> None:  # fmt: skip
    await given()
    referral, other = await opened(rep, source="referral"), await opened(rep)
    by_hand = await opened(rep, probability=33)
    won = await opened(rep, stage_id=stages["Won"])
    assert await applied() == 0
    await switch(client, organisation, stages, on=True)
    assert await applied() == 2
    assert await now(rep, referral) == (67.92, "model")
    assert await now(rep, other) == (32.08, "model")
    assert await now(rep, by_hand) == (33, "manual")
    assert await now(rep, won) == (100, "stage")
    assert await applied() == 0
    (newest, *_) = (await rep.get(f"/v1/opportunities/{other['id']}/history")).json()["data"]
    assert (newest["actor_kind"], newest["channel"]) == ("service", "win-model")
    assert sorted(newest["changed"]) == ["probability", "probability_source"]


async def test_what_changes_is_asked_again(
    rep: Rep, client: Clients, organisation: Organisation, given: Given, stages: Stages, applied: Applied
) -> None:  # fmt: skip
    await given()
    await switch(client, organisation, stages, on=True)
    deal = await opened(rep)
    await applied()
    path = f"/v1/opportunities/{deal['id']}"
    await rep.patch(path, json={"source": "referral"})
    assert await applied() == 1
    assert await now(rep, deal) == (67.92, "model")
    assert (await rep.patch(path, json={"probability": 5})).json()["probability_source"] == "manual"
    assert await applied() == 0
    assert (await rep.patch(path, json={"probability": None})).json()[
        "probability_source"
    ] == "stage"
    assert await applied() == 1
    assert await now(rep, deal) == (67.92, "model")
    await given(weight=1.52)  # learnt anew: 68.14, less than a point away
    assert await applied() == 0
    await given(weight=2.0)
    assert await applied() == 1
    assert await now(rep, deal) == (73.11, "model")


async def test_a_move_asks_at_once_and_closing_ends_it(
    rep: Rep, client: Clients, organisation: Organisation, given: Given, stages: Stages, applied: Applied
) -> None:  # fmt: skip
    await given()
    await switch(client, organisation, stages, on=True)
    deal = await opened(rep, source="referral", amount={"amount": "9", "currency": "CNY"})
    await applied()
    path = f"/v1/opportunities/{deal['id']}"
    moved = (await rep.post(path + "/move", json={"stage_id": stages["Proposal"]})).json()
    assert (moved["probability"], moved["probability_source"]) == (85.2, "model")  # e^1.75
    back = (await rep.patch(path, json={"stage_id": stages["Needs analysis"]})).json()
    assert (back["probability"], back["probability_source"]) == (67.92, "model")
    won = (await rep.post(path + "/move", json={"stage_id": stages["Won"]})).json()
    assert (won["probability"], won["probability_source"]) == (100, "stage")
    again = (await rep.post(path + "/move", json={"stage_id": stages["Proposal"]})).json()
    assert (again["probability"], again["probability_source"]) == (50, "stage")
    assert await applied() == 1
    assert await now(rep, deal) == (85.2, "model")


async def test_a_patch_that_moves_and_decides_by_hand_is_obeyed(
    rep: Rep, client: Clients, organisation: Organisation, given: Given, stages: Stages, applied: Applied
) -> None:  # fmt: skip
    await given()
    await switch(client, organisation, stages, on=True)
    deal = await opened(rep, source="referral")
    await applied()
    assert (await now(rep, deal))[1] == "model"
    path = f"/v1/opportunities/{deal['id']}"
    sent = {"stage_id": stages["Needs analysis"], "probability": 60}
    moved = (await rep.patch(path, json=sent)).json()
    assert (moved["probability"], moved["probability_source"]) == (60, "manual")
    assert await applied() == 0


async def test_taken_out_of_use_deals_go_back_to_their_stages(
    rep: Rep, client: Clients, organisation: Organisation, given: Given, stages: Stages, applied: Applied
) -> None:  # fmt: skip
    await given()
    await switch(client, organisation, stages, on=True)
    deal = await opened(rep)
    await applied()
    path = f"/v1/pipelines/{stages.pipeline_id}/win-model"
    ended = await client(organisation.admin).delete(path)
    assert ended.status_code == 200
    assert (ended.json()["is_in_use"], ended.json()["verdict"]) == (False, "better")
    assert ended.json()["sentence"].endswith("The model was taken out of use.")
    moved = (
        await rep.patch(
            f"/v1/opportunities/{deal['id']}", json={"stage_id": stages["Needs analysis"]}
        )
    ).json()
    assert (moved["probability"], moved["probability_source"]) == (25, "stage")
    assert (await client(organisation.admin).delete(path)).status_code == 404
    found = (await rep.get(f"/v1/opportunities/{deal['id']}/win-probability")).json()
    assert (found["learnt"], found["why_not"]) == (None, "The model was taken out of use.")
    told = await client(organisation.admin).get(f"/v1/pipelines/{stages.pipeline_id}/history")
    assert told.json()["data"][0]["type"] == "pipeline.pipeline.model_ended"


async def test_switched_off_deals_go_back_page_by_page(
    rep: Rep, client: Clients, organisation: Organisation, given: Given, stages: Stages, applied: Applied,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(applying, "AT_ONCE", 3)
    await given()
    deals = [await opened(rep) for _ in range(8)]
    await switch(client, organisation, stages, on=True)
    assert await applied() == 8
    await switch(client, organisation, stages, on=False)
    assert await applied() == 8
    assert {await now(rep, deal) for deal in deals} == {(10, "stage")}


async def test_who_decides_by_hand_while_it_is_applied_wins(
    rep: Rep, client: Clients, organisation: Organisation, given: Given, stages: Stages, applied: Applied
) -> None:  # fmt: skip
    await given()
    await switch(client, organisation, stages, on=True)
    deals = [await opened(rep) for _ in range(20)]
    patched = [
        rep.patch(f"/v1/opportunities/{deal['id']}", json={"probability": 44}) for deal in deals
    ]
    found = await asyncio.gather(*patched[:10], applied(), applied(), *patched[10:])
    assert {each.status_code for each in found if isinstance(each, httpx.Response)} == {200}
    await applied()
    assert {await now(rep, deal) for deal in deals} == {(44, "manual")}


async def test_another_organisation_is_not_touched(
    client: Clients, organisation: Organisation, other_organisation: Organisation, given: Given,
    stages: Stages, applied: Applied, service_database: Database,
) -> None:  # fmt: skip
    await given()
    await switch(client, organisation, stages, on=True)
    assert await apply_in(service_database, other_organisation.id) == 0
    path = f"/v1/pipelines/{stages.pipeline_id}/win-model"
    assert (await client(other_organisation.admin).get(path)).status_code == 404


async def test_an_organisation_that_cannot_be_served_holds_up_no_other(
    client: Clients, organisation: Organisation, other_organisation: Organisation,
    service_database: Database,
) -> None:  # fmt: skip
    ordered = sorted((organisation, other_organisation), key=lambda each: each.id)
    deals = []
    for each, model in zip(ordered, ({}, Model(1.0, (), (), 1.0, 0.0).as_json()), strict=True):
        async with service_database.transaction(each.id) as connection:
            await begin_pipeline(connection, each.id)
        found = (await client(each.admin).get("/v1/pipelines")).json()["data"][0]
        await switch(client, each, stages_of(found), on=True)
        deals.append(await opened(client(each.rep)))
        async with service_database.transaction(each.id) as connection:
            await connection.execute(
                GIVEN, each.id, new_id(), UUID(found["id"]), to_json(COMPARISON), to_json(model)
            )
    with pytest.raises(KeyError, match="terms"):
        await apply_win_models.duty(service_database)
    assert await now(client(ordered[0].rep), deals[0]) == (10, "stage")
    assert await now(client(ordered[1].rep), deals[1]) == (73.11, "model")

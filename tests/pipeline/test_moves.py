"""Moves: what a stage asks for, what it gives, and what refuses one."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Known, Stages
from tests.pipeline.deals import PATH, events_of, got, made, moved, pipeline_with, problem

CNY = {"amount": "1000.00", "currency": "CNY"}


async def test_a_move_takes_over_what_its_stage_says(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = client(organisation.rep)
    deal = await made(rep, amount=CNY, close_on="2027-01-31")
    answer = await moved(rep, deal["id"], stages["Negotiation"], version=1)
    found = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert (found["stage_id"], found["status"]) == (stages["Negotiation"], "open")
    assert (found["probability"], found["probability_source"]) == (75, "stage")
    assert (found["forecast_category"], found["closed_at"]) == ("commit", None)
    assert found["stage_entered_at"] > deal["stage_entered_at"]
    won = (await moved(rep, deal["id"], stages["Won"])).json()
    assert (won["status"], won["probability"], won["forecast_category"]) == ("won", 100, "closed")
    assert won["closed_at"] is not None
    assert await got(rep, deal["id"]) == won
    events = await events_of(rep, deal["id"])
    assert [event["type"].rpartition(".")[2] for event in events] == ["created", "moved", "won"]
    assert "stage_id" in events[1]["changed"]


async def test_a_stage_is_not_entered_without_what_it_needs(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = client(organisation.rep)
    deal = await made(rep)
    refused = await moved(rep, deal["id"], stages["Negotiation"])
    found = problem(refused, 422, "stage_requirements", "amount", "close_on")
    assert found["missing"] == ["amount", "close_on"]
    assert await got(rep, deal["id"]) == deal
    # One patch may bring what the stage asks for; or nothing of it is written.
    path = f"{PATH}/{deal['id']}"
    half = await rep.patch(path, json={"stage_id": stages["Negotiation"], "amount": CNY})
    problem(half, 422, "stage_requirements", "close_on")
    assert await got(rep, deal["id"]) == deal
    sent = {"stage_id": stages["Negotiation"], "amount": CNY, "close_on": "2027-01-31"}
    whole = await rep.patch(path, json=sent, headers={"If-Match": '"1"'})
    assert whole.status_code == 200, whole.text
    assert (whole.json()["stage_id"], whole.json()["amount"]) == (stages["Negotiation"], CNY)
    begun = await rep.post(PATH, json={"name": "x", "stage_id": stages["Negotiation"]})
    problem(begun, 422, "stage_requirements", "amount", "close_on")


CRITERIA = [
    {"key": "budget", "text": "The budget is agreed"},
    {"key": "big", "text": "It is worth it", "filter_groups": [
        {"filters": [{"field": "amount", "operator": "gte", "value": 500},
                     {"field": "flag", "operator": "in", "value": ["overdue"]},
                     {"field": "stage", "operator": "eq", "value": "First"}]}]},
]  # fmt: skip
ASKING = [
    {"name": "First", "probability": 10, "exit_criteria": CRITERIA},
    {"name": "Second", "probability": 50}, {"name": "Won", "kind": "won"}, {"name": "Lost", "kind": "lost"},
]  # fmt: skip


async def test_a_stage_is_left_forwards_when_its_criteria_hold(
    client: Clients, organisation: Organisation
) -> None:
    rep, asking = client(organisation.rep), await pipeline_with(
        client(organisation.admin), stages=ASKING
    )  # fmt: skip
    deal = await made(rep, pipeline_id=asking.pipeline_id)
    for stage in ("Second", "Won"):
        refused = await moved(rep, deal["id"], asking[stage], confirmed=["budget"])
        found = problem(refused, 422, "stage_requirements", "confirmed.big")
        assert found["missing"] == ["big"]
    await rep.patch(f"{PATH}/{deal['id']}", json={"amount": CNY, "close_on": "2026-01-01"})
    refused = await moved(rep, deal["id"], asking["Second"], confirmed=["nothing_known"])
    assert problem(refused, 422, "stage_requirements", "confirmed.budget")["missing"] == ["budget"]
    # What was confirmed in its stage needs no second word.
    kept = (await moved(rep, deal["id"], asking["First"], confirmed=["budget"])).json()
    assert kept["confirmed"] == ["budget"]
    went = await rep.patch(f"{PATH}/{deal['id']}", json={"stage_id": asking["Second"]})
    assert went.status_code == 200, went.text
    assert went.json()["confirmed"] == []
    assert (await moved(rep, deal["id"], asking["First"])).status_code == 200  # backwards is free
    assert (await moved(rep, deal["id"], asking["Lost"])).status_code == 200  # and so is losing


async def test_reasons_are_of_the_pipelines_words(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    listed = await pipeline_with(
        client(organisation.admin), win_reasons=["product"], loss_reasons=["price", "timing"]
    )
    deal = await made(rep, pipeline_id=listed.pipeline_id)
    for reason in ({}, {"reason": None}, {"reason": "weather"}):
        refused = await moved(rep, deal["id"], listed["Lost"], **reason)
        problem(refused, 422, "reason_required", "reason")
    refused = await moved(rep, deal["id"], listed["Won"], reason="price")
    problem(refused, 422, "reason_required", "reason")
    assert (await moved(rep, deal["id"], listed["Won"])).status_code == 200  # a win may be silent
    lost = await moved(rep, deal["id"], listed["Lost"], reason="price", reason_note="Half of ours")
    assert (lost.json()["reason"], lost.json()["reason_note"]) == ("price", "Half of ours")
    for verb, path, sent in (
        ("patch", f"{PATH}/{deal['id']}", {"reason": "weather"}),
        ("patch", f"{PATH}/{deal['id']}", {"reason": None}),
        ("post", f"{PATH}/{deal['id']}/move", {"stage_id": listed["Lost"], "reason": "weather"}),
        ("post", f"{PATH}/{deal['id']}/move", {"stage_id": listed["Lost"], "reason": None}),
    ):
        problem(await rep.request(verb, path, json=sent), 422, "reason_required", "reason")
    assert (await got(rep, deal["id"]))["reason"] == "price"


async def test_why_it_was_won_says_nothing_of_why_it_is_lost(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = client(organisation.rep)
    deal = await made(rep)
    won = (
        await moved(rep, deal["id"], stages["Won"], reason="They love it", reason_note="x")
    ).json()
    problem(await moved(rep, deal["id"], stages["Lost"]), 422, "stage_requirements", "reason")
    lost = (await moved(rep, deal["id"], stages["Lost"], reason="price")).json()
    assert (lost["reason"], lost["reason_note"]) == ("price", None)
    assert lost["closed_at"] == won["closed_at"]  # a mistake put right
    sent = {"stage_id": stages["Won"], "reason": "They came back"}
    patched = (await rep.patch(f"{PATH}/{deal['id']}", json=sent)).json()
    assert (patched["status"], patched["reason"]) == ("won", "They came back")
    refused = await moved(rep, deal["id"], stages["Proposal"])
    problem(refused, 422, "stage_requirements", "amount")  # reopening asks for it, too
    reopened = (await moved(rep, deal["id"], stages["Qualification"])).json()
    assert (reopened["status"], reopened["reason"], reopened["closed_at"]) == ("open", None, None)
    verbs = [event["type"].rpartition(".")[2] for event in await events_of(rep, deal["id"])]
    assert verbs == ["created", "won", "lost", "won", "reopened"]


async def closed(client: Clients, organisation: Organisation, **rules: Any) -> tuple[str, Stages]:
    ruled = await pipeline_with(client(organisation.admin), **rules)
    deal = await made(
        client(organisation.rep), pipeline_id=ruled.pipeline_id, stage_id=ruled["Won"],
        closed_on=str(datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=10)),
    )  # fmt: skip
    return deal["id"], ruled


async def test_anybody_reopens_where_nothing_is_said(
    client: Clients, organisation: Organisation
) -> None:
    id, ruled = await closed(client, organisation)
    answer = await moved(client(organisation.rep), id, ruled["First"])
    assert (answer.status_code, answer.json()["probability"]) == (200, 20)


async def test_nobody_reopens_where_nobody_may(client: Clients, organisation: Organisation) -> None:
    id, ruled = await closed(client, organisation, reopened_by="nobody")
    for user in (organisation.rep, organisation.admin):
        answer = await moved(client(user), id, ruled["First"])
        problem(answer, 409, "reopen_refused")
        patched = await client(user).patch(f"{PATH}/{id}", json={"stage_id": ruled["First"]})
        problem(patched, 409, "reopen_refused")
    corrected = await moved(client(organisation.rep), id, ruled["Lost"])  # that is no reopening
    assert corrected.json()["status"] == "lost"


async def test_who_leads_others_reopens_where_managers_may(
    client: Clients, organisation: Organisation
) -> None:
    id, ruled = await closed(client, organisation, reopened_by="manager")
    problem(await moved(client(organisation.rep), id, ruled["First"]), 403, "reopen_refused")
    # Who merely sees the deals of colleagues leads nobody.
    colleague = client(organisation.rep2.but(visibility={"*": "team"}))
    problem(await moved(colleague, id, ruled["First"]), 403, "reopen_refused")
    assert (await moved(client(organisation.manager), id, ruled["First"])).status_code == 200


@pytest.mark.parametrize(("days", "status"), [(9, 409), (11, 200), (0, 409)])
async def test_it_is_too_late_to_reopen_after_so_many_days(
    client: Clients, organisation: Organisation, days: int, status: int
) -> None:
    id, ruled = await closed(client, organisation, reopen_within_days=days)
    answer = await moved(client(organisation.admin), id, ruled["Second"])
    assert answer.status_code == status, answer.text


async def test_a_probability_by_hand_holds_until_the_deal_is_closed(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = client(organisation.rep)
    deal = await made(rep, probability=33, forecast_category="best_case")
    assert (deal["probability_source"], deal["forecast_category"]) == ("manual", "best_case")
    there = (await moved(rep, deal["id"], stages["Needs analysis"])).json()
    assert (there["probability"], there["probability_source"]) == (33, "manual")
    assert there["forecast_category"] == "pipeline"
    path = f"{PATH}/{deal['id']}"
    back = (await rep.patch(path, json={"probability": None})).json()
    assert (back["probability"], back["probability_source"]) == (25, "stage")
    await rep.patch(path, json={"probability": 90})
    won = (await moved(rep, deal["id"], stages["Won"])).json()
    assert (won["probability"], won["probability_source"]) == (100, "stage")
    same = (await rep.patch(path, json={"probability": 100, "forecast_category": "closed"})).json()
    assert (same["probability_source"], same["version"]) == ("stage", won["version"])
    for sent in ({"probability": 99}, {"forecast_category": "commit"}):
        refused = await rep.patch(path, json=sent)
        problem(refused, 422, "invalid", *sent)
    again = (await moved(rep, deal["id"], stages["Qualification"])).json()
    assert (again["probability"], again["probability_source"]) == (10, "stage")


async def test_what_a_patch_says_by_hand_counts_in_the_stage_it_moves_to(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = client(organisation.rep)
    deal = await made(rep)
    path = f"{PATH}/{deal['id']}"
    sent = {"stage_id": stages["Needs analysis"], "probability": 42, "forecast_category": "commit"}
    found = (await rep.patch(path, json=sent)).json()
    assert (found["probability"], found["forecast_category"]) == (42, "commit")
    sent = {"stage_id": stages["Qualification"], "probability": None, "forecast_category": None}
    found = (await rep.patch(path, json=sent)).json()
    assert (found["probability"], found["forecast_category"]) == (10, "pipeline")
    refused = await rep.patch(path, json={"stage_id": stages["Won"], "probability": 42})
    problem(refused, 422, "invalid", "probability")
    await moved(rep, deal["id"], stages["Won"])
    again = await rep.patch(path, json={"stage_id": stages["Qualification"], "probability": 60})
    assert again.status_code == 200, again.text
    assert (again.json()["status"], again.json()["probability"]) == ("open", 60)


@pytest.mark.parametrize("sent", [33.333, 0.125, 99.999, 66.66666666])
async def test_a_probability_is_shown_as_it_is_kept(
    client: Clients, organisation: Organisation, stages: Stages, sent: float
) -> None:
    rep = client(organisation.rep)
    deal = await made(rep, probability=sent)
    listed = (await rep.get(PATH, params={"fields": "probability"})).json()["data"]
    assert listed[0]["probability"] == deal["probability"]
    found = (await rep.get(PATH, params={"probability": deal["probability"]})).json()["data"]
    assert [each["id"] for each in found] == [deal["id"]]


async def test_another_pipeline_is_entered_at_its_beginning_or_as_said(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep, other = client(organisation.rep), await pipeline_with(
        client(organisation.admin), "Other", stages=ASKING
    )  # fmt: skip
    deal = await made(rep)
    path = f"{PATH}/{deal['id']}"
    found = (await rep.patch(path, json={"pipeline_id": other.pipeline_id})).json()
    assert (found["pipeline_id"], found["stage_id"]) == (other.pipeline_id, other["First"])
    back = (await moved(rep, deal["id"], stages["Needs analysis"])).json()  # criteria stay behind
    assert (back["pipeline_id"], back["probability"]) == (stages.pipeline_id, 25)
    mixed = {"pipeline_id": other.pipeline_id, "stage_id": stages["Won"]}
    for sent in (mixed, {"stage_id": deal["id"]}, {"pipeline_id": deal["id"]}):
        problem(await rep.patch(path, json=sent), 422, "stage_not_in_pipeline")
    problem(await moved(rep, deal["id"], deal["id"]), 422, "stage_not_in_pipeline", "stage_id")


async def test_nothing_is_moved_into_a_pipeline_that_is_put_away(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep, admin = client(organisation.rep), client(organisation.admin)
    other = await pipeline_with(admin, "Other")
    there = await made(rep, pipeline_id=other.pipeline_id)
    won = await made(rep, pipeline_id=other.pipeline_id, stage_id=other["Won"])
    gone = await made(rep, pipeline_id=other.pipeline_id)
    await rep.delete(f"{PATH}/{gone['id']}")
    here = await made(rep)
    path = f"/v1/pipelines/{other.pipeline_id}"
    await admin.patch(path, json={"is_active": False})
    problem(await moved(rep, here["id"], other["Second"]), 422, "stage_not_in_pipeline")
    assert (await moved(rep, there["id"], other["Second"])).status_code == 200
    await moved(rep, there["id"], stages["Qualification"])
    assert (await admin.delete(path)).status_code == 200
    for id, stage in ((here["id"], "First"), (won["id"], "First")):
        problem(await moved(rep, id, other[stage]), 422, "stage_not_in_pipeline", "stage_id")
    assert (
        await moved(rep, won["id"], other["Lost"])
    ).status_code == 200  # what is closed stays so
    restored = await rep.post(f"{PATH}/{gone['id']}/restore")
    problem(restored, 409, "no_pipeline")


async def test_a_move_in_its_own_stage_is_no_move_to_tell_of(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    """Who counts moves between stages counts no card that was pushed up."""
    rep = client(organisation.rep)
    deal, other = await made(rep), await made(rep, "Other")
    stays = (await moved(rep, deal["id"], stages["Qualification"])).json()
    assert stays == deal
    up = (await moved(rep, deal["id"], stages["Qualification"], before_id=other["id"])).json()
    assert (up["version"], up["stage_entered_at"]) == (2, deal["stage_entered_at"])
    verbs = [event["type"].rpartition(".")[2] for event in await events_of(rep, deal["id"])]
    assert verbs == ["created", "updated"]
    assert len((await rep.get(f"{PATH}/{deal['id']}/stages")).json()["data"]) == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"position": "middle"}, "position"), ({"after_id": "x"}, "after_id"), ({"rank": 1}, "rank"),
        ({"position": "top", "after_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}, "after_id"),
        ({"confirmed": ["No Key"]}, "confirmed.0"), ({"stage_id": None}, "stage_id"),
        ({"reason": 7}, "reason"),
    ],
)  # fmt: skip
async def test_a_move_that_makes_no_sense_is_refused_by_name(
    client: Clients, organisation: Organisation, stages: Stages, sent: Any, field: str
) -> None:
    rep = client(organisation.rep)
    deal = await made(rep)
    refused = await rep.post(
        f"{PATH}/{deal['id']}/move", json={"stage_id": stages["Needs analysis"], **sent}
    )
    assert refused.status_code in (400, 422)
    assert field in refused.json()["errors"], refused.text
    assert await got(rep, deal["id"]) == deal


async def test_beside_a_card_that_is_not_there_it_is_said_so(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = client(organisation.rep)
    deal, elsewhere, gone = await made(rep), await made(rep, "b"), await made(rep, "c")
    await moved(rep, elsewhere["id"], stages["Needs analysis"])
    await rep.delete(f"{PATH}/{gone['id']}")
    for neighbour in (elsewhere["id"], gone["id"], stages["Won"]):
        answer = await moved(rep, deal["id"], stages["Qualification"], after_id=neighbour)
        problem(answer, 409, "neighbour_gone", "after_id")
    own = await moved(rep, deal["id"], stages["Qualification"], before_id=deal["id"])
    assert own.status_code == 422


async def test_others_move_neither_what_they_see_not_nor_what_they_may_only_read(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    deal = await made(client(organisation.rep), team_id=str(organisation.teams["b"]))
    for user, status in ((organisation.rep2, 404), (organisation.read_only, 403)):
        answer = await moved(client(user), deal["id"], stages["Won"])
        assert answer.status_code == status, user.name


async def test_a_closing_day_long_ago_is_no_crash(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    sent = {"name": "x", "stage_id": stages["Won"]}
    for day in ("0001-01-01", "9999-12-31", "1900-01-01"):
        answer = await client(organisation.rep).post(PATH, json=sent | {"closed_on": day})
        assert answer.status_code in (201, 422), answer.text
        if answer.status_code == 422:
            assert "closed_on" in answer.json()["errors"]


async def test_a_deal_of_an_account_is_told_of_as_verified_only_once(
    client: Clients, organisation: Organisation, stages: Stages, account: Known
) -> None:
    """A patch of everything at once writes what is sent, then the move, each with its version."""
    rep = client(organisation.rep)
    deal = await made(rep)
    sent = {"stage_id": stages["Needs analysis"], "account_id": await account("未来科技")}
    found = (await rep.patch(f"{PATH}/{deal['id']}", json=sent)).json()
    assert (found["version"], found["stage_id"]) == (3, stages["Needs analysis"])
    events = await events_of(rep, deal["id"])
    assert [event["version"] for event in events] == [1, 2, 3]
    assert "account_id" in events[1]["changed"]
    assert "stage_id" in events[2]["changed"]

"""The scorecard: evidence that sums to the score exactly, and follows every write."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_pipeline.scorecards.rescoring import rescore
from guanxi_pipeline.scorecards.rules import reasons_for, score_of
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.running_jobs import RunningJob, claim
from tests.factories import Clients, Organisation
from tests.pipeline.leads.conftest import SOFTWARE, Made

BUDGET: dict[str, Any] = {
    "key": "budget", "text": "Is there a budget?",
    "choices": [{"key": "approved", "label": "Approved", "points": 30},
                {"key": "none", "label": "None", "points": -20}],
}  # fmt: skip
CRITERIA: list[dict[str, Any]] = [
    {"key": "software", "label": "Makes software", "points": 20, "filter_groups": [SOFTWARE]},
    {"key": "nameless", "label": "No company", "points": -5, "filter_groups": [
        {"filters": [{"field": "company", "operator": "is_null", "value": True}]}]},
]  # fmt: skip
CARD: dict[str, Any] = {"criteria": CRITERIA, "questions": [BUDGET]}


@pytest.fixture
async def card(client: Clients, organisation: Organisation) -> dict[str, Any]:
    answer = await client(organisation.manager).patch("/v1/leads/scorecard", json=CARD)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_score_follows_every_write_and_its_evidence_adds_up(
    client: Clients, organisation: Organisation, card: dict[str, Any], made: Made
) -> None:
    rep, first = client(organisation.rep), await made(industry="software")
    assert first["score"] == 20
    path = f"/v1/leads/{first['id']}"
    changed = (await rep.patch(path, json={"answers": {"budget": "none"}})).json()
    assert (changed["score"], changed["answers"], changed["version"]) == (0, {"budget": "none"}, 2)
    evidence = (await rep.get(f"{path}/score")).json()
    assert sum(reason["points"] for reason in evidence["reasons"]) == evidence["score"] == 0
    assert [(r["kind"], r["key"], r["answer"]) for r in evidence["reasons"]] == [
        ("criterion", "software", None), ("question", "budget", "None"),
    ]  # fmt: skip
    assert evidence["is_current"] is True
    taken = (await rep.patch(path, json={"answers": {"budget": None}, "company": None})).json()
    assert (taken["score"], taken["answers"]) == (15, {})
    found = (await rep.get("/v1/leads?score[gte]=15&sort=-score")).json()["data"]
    assert [row["id"] for row in found] == [first["id"]]


async def test_criteria_may_ask_for_anything_that_a_list_may(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    asked = {
        "mine": ("owner_id", str(organisation.rep.id)), "mail": ("email", "A@acme.example"),
        "hot": ("tags", "hot"), "answered": ("status", "working"),
    }  # fmt: skip
    criteria = [
        {"key": key, "label": key, "points": 2**n, "filter_groups": [{"filters": [
            {"field": field, "operator": "has" if field == "tags" else "eq", "value": value}]}]}
        for n, (key, (field, value)) in enumerate(asked.items())
    ]  # fmt: skip
    await client(organisation.admin).patch("/v1/leads/scorecard", json={"criteria": criteria})
    first = await made(tags=["hot"], emails=[{"address": "a@acme.example"}])
    path, rep = f"/v1/leads/{first['id']}", client(organisation.rep)
    assert first["score"] == 1 + 2 + 4
    # Each kind of write is followed, whatever it changes.
    assert (await rep.patch(path, json={"title": "CEO"})).json()["score"] == 1 + 2 + 4
    assert (await rep.post(f"{path}/respond")).json()["score"] == 1 + 2 + 4 + 8
    assert (await rep.get(f"{path}/score")).json()["is_current"] is True
    assert (await rep.patch(path, json={"tags": []})).json()["score"] == 1 + 2 + 8
    handed = {"owner_id": str(organisation.rep2.id)}
    admin = client(organisation.admin)
    assert (await admin.patch(path, json=handed)).json()["score"] == 2 + 8
    assert (await admin.post(f"{path}/release")).json()["score"] == 2 + 8
    ended = await admin.post(f"{path}/disqualify", json={"reason": "spam"})
    assert ended.json()["score"] == 2
    assert (await admin.get(f"{path}/score")).json()["is_current"] is True


async def test_open_leads_are_scored_anew_when_the_scorecard_changes(
    client: Clients, organisation: Organisation, made: Made, service: Edge,
    service_database: Database,
) -> None:  # fmt: skip
    rep, first = client(organisation.rep), await made(industry="software")
    assert first["score"] is None
    await client(organisation.manager).patch("/v1/leads/scorecard", json=CARD)
    stale = (await rep.get(f"/v1/leads/{first['id']}/score")).json()
    assert (stale["score"], stale["is_current"]) == (None, False)
    await rescore(await running(service_database, organisation.id), service.state.house)
    read = (await rep.get(f"/v1/leads/{first['id']}")).json()
    assert (read["score"], read["version"]) == (20, 2)
    assert (await rep.get(f"/v1/leads/{first['id']}/score")).json()["is_current"] is True


async def running(database: Database, organisation_id: UUID) -> RunningJob:
    """The job that the change has left, claimed as a worker claims it."""
    sql = "SELECT id FROM jobs WHERE organisation_id = $2 AND kind = 'rescore-leads'"
    (row,) = await database.fetch(organisation_id, sql, organisation_id)
    found = await claim(database, organisation_id, row["id"], lease_seconds=30)
    assert isinstance(found, RunningJob)
    return found


async def test_of_many_changes_at_once_each_counts(
    client: Clients, organisation: Organisation, card: dict[str, Any], made: Made
) -> None:
    path, rep = f"/v1/leads/{(await made())['id']}", client(organisation.rep)
    changes = [{"industry": "software"}, {"answers": {"budget": "approved"}}, {"company": None},
               {"title": "CEO"}, {"tags": ["hot"]}]  # fmt: skip
    answers = await asyncio.gather(*(rep.patch(path, json=change) for change in changes))
    assert {answer.status_code for answer in answers} == {200}
    read = (await rep.get(path)).json()
    assert (read["score"], read["version"]) == (20 + 30 - 5, 6)
    assert (await rep.get(f"{path}/score")).json()["is_current"] is True


@pytest.mark.parametrize(
    ("change", "field"),
    [({"criteria": [CRITERIA[0] | {"filter_groups": [{"filters": [{"field": "x", "operator": "eq"}]}]}]},
      "criteria.0.filter_groups"),
     ({"criteria": [CRITERIA[0], CRITERIA[0]]}, "criteria.1.key"),
     ({"questions": [BUDGET | {"choices": BUDGET["choices"] * 2}]}, "questions.0.choices.2.key"),
     ({"questions": [BUDGET | {"choices": []}]}, "questions.0.choices"),
     ({"criteria": [CRITERIA[0] | {"points": 0.5}]}, "criteria.0.points")],
)  # fmt: skip
async def test_a_scorecard_that_means_nothing_is_refused_by_its_place(
    client: Clients, organisation: Organisation, card: dict[str, Any], change: dict[str, Any],
    field: str,
) -> None:  # fmt: skip
    manager = client(organisation.manager)
    refused = await manager.patch("/v1/leads/scorecard", json=change)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [field]), refused.text
    assert (await manager.get("/v1/leads/scorecard")).json() == card


async def test_an_answer_that_is_no_choice_is_refused(
    client: Clients, organisation: Organisation, card: dict[str, Any], made: Made
) -> None:
    path = f"/v1/leads/{(await made())['id']}"
    for answers, field in (
        ({"budget": "maybe"}, "answers.budget"),
        ({"need": "yes"}, "answers.need"),
    ):
        refused = await client(organisation.rep).patch(path, json={"answers": answers})
        assert (refused.status_code, list(refused.json()["errors"])) == (422, [field])


@given(
    points=st.lists(st.tuples(st.integers(-1000, 1000), st.booleans()), max_size=20),
    chosen=st.lists(st.tuples(st.integers(-1000, 1000), st.booleans()), max_size=10),
)
def test_the_evidence_sums_to_the_score_whatever_fits(
    points: list[tuple[int, bool]], chosen: list[tuple[int, bool]]
) -> None:
    criteria = [{"key": f"c{i}", "label": "", "points": p} for i, (p, _) in enumerate(points)]
    questions = [
        {"key": f"q{i}", "text": "", "choices": [{"key": "a", "label": "", "points": p}]}
        for i, (p, _) in enumerate(chosen)
    ]
    answers = {f"q{i}": "a" for i, (_, is_given) in enumerate(chosen) if is_given} | {"old": "a"}
    reasons = reasons_for(criteria, [fits for _, fits in points], questions, answers)
    expected = sum(p for p, counts in (*points, *chosen) if counts)
    assert score_of(reasons) == expected == sum(reason["points"] for reason in reasons)

"""What customers answered: figures, loyalty types, the curve of loyalty, the index; free words stay where they were."""

import csv
import json
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from guanxi_analytics.facts.record_rules import answer_of
from guanxi_analytics.facts.writing import write_facts
from guanxi_analytics.fitting.satisfied import learn_index, learn_loyalty
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from guanxi_shared.survey_figures import csat, nps
from guanxi_tickets.survey_answers.schemas import AnswerRead
from tests.analytics.data_sets import data_set
from tests.analytics.test_fits import cdnow, customer, fit, heard, named
from tests.factories import Clients, Organisation

SATISFACTION = "/v1/analytics/satisfaction"
CURVE = "/v1/analytics/models/satisfaction-loyalty"
INDEX = "/v1/analytics/models/satisfaction-index"
CANARY = "the words of a canary in its mine"


def answered(
    organisation: Organisation, kind: str, score: int | None, at: str, *, name: str | None = None, **answers: Any
) -> dict[str, Any]:  # fmt: skip
    """As tickets tells of it."""
    id = str(new_id())
    state = {
        "id": id, "survey_id": str(customer(organisation, kind)), "kind": kind, "ticket_id": None, "contact_id": None,
        "account_id": None if name is None else str(customer(organisation, name)), "score": score,
        "answers": answers | ({} if score is None else {"score": score}) | {"why": CANARY},
        "answered_at": f"{at}T08:00:00+00:00", "assignee_id": str(organisation.rep.id), "team_id": None,
    }  # fmt: skip
    return {
        "organisation_id": str(organisation.id), "type": "tickets.survey.answered", "subject_type": "survey",
        "subject_id": id, "version": 1, "before": None, "after": state, "occurred_at": f"{at}T08:00:00+00:00",
    }  # fmt: skip


async def told(
    database: Database, organisation: Organisation, events: Sequence[dict[str, Any]]
) -> None:
    async with database.transaction(organisation.id) as connection:
        await write_facts(connection, organisation.id, "tickets", events)


async def test_scores_gaps_and_kano_are_those_of_the_answers_that_are_seen(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    satisfied, recommended = [5, 4, 5, 3, 1, 4, 5, 5, 4, 2, 5, 4], [10, 9, 8, 6, 10, 9, 7, 3, 10, 9]
    events = [
        *(answered(organisation, "csat", score, "2026-02-01") for score in satisfied),
        *(answered(organisation, "nps", score, "2026-02-02") for score in recommended),
        *(answered(organisation, "ces", score, "2026-02-02") for score in (5, 6, 7)),
        *(
            answered(organisation, "satisfaction", None, "2026-02-03", **{"speed.expected": 5, "speed.perceived": 3 + n % 2})
            for n in range(10)
        ),
        *(
            answered(organisation, "kano", None, "2026-02-03", **{"app.functional": "like", "app.dysfunctional": "dislike"})
            for _ in range(10)
        ),
    ]  # fmt: skip
    await told(service_database, organisation, events)
    asked = {"from": "2026-02-01", "until": "2026-03-01"}
    found = (await client(organisation.admin).get(SATISFACTION, params=asked)).json()
    assert found["answers"] == len(events)
    scores = {each["kind"]: each for each in found["scores"]}
    counts = [{s: own.count(s) for s in set(own)} for own in (satisfied, recommended)]
    assert scores["csat"]["score"] == csat(counts[0])
    assert scores["nps"]["score"] == nps(counts[1])
    assert (scores["ces"]["n"], scores["ces"]["score"]) == (3, None)  # too few to say
    [gap] = found["gaps"]
    assert (gap["item"], gap["figures"]["gap"]["value"]) == ("speed", -1.5)
    [kano] = found["kano"]
    assert (kano["item"], kano["figures"]["category"]) == ("app", "O")
    assert CANARY not in json.dumps(found)
    hidden = (await client(organisation.other_rep).get(SATISFACTION, params=asked)).json()
    assert (hidden["answers"], hidden["scores"]) == (0, [])
    before = (await client(organisation.admin).get(SATISFACTION, params={**asked, "as_of": "2026-02-01T12:00:00Z"})).json()  # fmt: skip
    assert before["answers"] == len(satisfied)


def test_what_people_wrote_is_not_kept(organisation: Organisation) -> None:
    event = answered(organisation, "csat", 4, "2026-02-01", name="x", is_urgent=True)
    assert set(event["after"]) <= set(AnswerRead.model_fields)  # as tickets really tells it
    [piece] = answer_of(event["after"]).values()
    assert json.loads(piece["figures"]) == {"score": 4}


async def test_the_curve_joins_answers_to_what_was_bought_afterwards(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    """Ten of a hundred who gave 1 bought within half a year, ninety of those who gave 5; one purchase comes too late."""
    asked_on, events, bought = date(2025, 1, 10), [], []
    for score, stayed in ((1, 10), (2, 20), (3, 50), (4, 80), (5, 90)):
        for n in range(100):
            name = f"curve{score}.{n}"
            events.append(answered(organisation, "csat", score, str(asked_on), name=name))
            bought.append((name, asked_on - timedelta(days=30), Decimal(9)))
            if n < stayed:
                bought.append((name, asked_on + timedelta(days=1 + n), Decimal(9)))
    bought.append(("curve1.99", asked_on + timedelta(days=190), Decimal(9)))
    await told(service_database, organisation, events)
    await heard(service_database, organisation, bought)
    admin = client(organisation.admin)
    await fit(service_database, organisation, admin, until="2025-12-31")
    found = (await admin.get(CURVE)).json()
    levels = found["figures"]["curves"]["csat"]["levels"]
    assert [(each["n"], each["stayed"]) for each in levels] == [
        (100, 10), (100, 20), (100, 50), (100, 80), (100, 90)
    ]  # fmt: skip
    assert (found["verdict"], found["data"]["customers"]) == ("use", 500)
    assert "what causes what is not told" in found["sentence"].replace(
        "it: what causes", "what causes"
    )
    rep = (await client(organisation.rep).get(CURVE)).json()
    assert (rep["figures"], "%" in rep["sentence"]) == (None, False)
    early = await fit(service_database, organisation, admin, until="2025-06-01")
    assert early["name"] == "repeat-purchases"
    assert (await admin.get(CURVE)).json()["verdict"] == "refused"  # half a year has not gone by


def test_too_few_answers_are_refused_in_words() -> None:
    found = learn_loyalty([("nps", 9, True)] * 30)
    assert (found["verdict"], found["found"]) == ("refused", {})
    assert "A curve takes 50 customers" in found["sentence"]
    index = learn_index([json.dumps({"satisfaction_1": 5})] * 200)
    assert index["verdict"] == "refused"
    assert "Nobody was asked about image" in index["sentence"]


async def test_the_index_of_the_satisfaction_data_is_rs(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    """R's plspm, `satisfaction`: R² of satisfaction .707321, of loyalty .509923; the path from value .589331."""
    blocks = {"imag": "image", "expe": "expectations", "qual": "quality", "val": "value", "sat": "satisfaction", "loy": "loyalty"}  # fmt: skip
    with (data_set("ecsi_satisfaction") / "satisfaction.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    events = []
    for row in rows:
        ratings = {
            f"{blocks[name.rstrip('0123456789').lower()]}_{name[-1]}": int(float(value))
            for name, value in row.items()
            if name and name.rstrip("0123456789").lower() in blocks
        }
        events.append(answered(organisation, "custom", None, "2025-03-01", **ratings))
    await told(service_database, organisation, events)
    admin = client(organisation.admin)
    await fit(service_database, organisation, admin, until="2025-12-31")
    found = (await admin.get(INDEX)).json()
    figures = found["figures"]
    assert (found["verdict"], found["data"]["customers"]) == ("use", 250), found["sentence"]
    assert figures["r_squared"]["satisfaction"] == pytest.approx(0.707321, abs=2e-6)
    assert figures["r_squared"]["loyalty"] == pytest.approx(0.509923, abs=2e-6)
    assert figures["paths"]["satisfaction"]["value"] == pytest.approx(0.589331, abs=2e-6)
    assert 0 < figures["index"] < 100


async def test_customers_are_of_four_kinds(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    purchases = [each for each in cdnow() if int(each[0]) % 4 == 0]
    await heard(service_database, organisation, purchases)
    names = sorted({name for name, _, _ in purchases})
    await named(service_database, organisation, *names)
    admin = client(organisation.admin)
    await fit(service_database, organisation, admin, until="1997-09-30")
    await told(
        service_database, organisation,
        [answered(organisation, "nps", 10 if n % 2 else 3, "1997-09-01", name=name) for n, name in enumerate(names[:200])],
    )  # fmt: skip
    found = (await admin.get(SATISFACTION)).json()["loyalty_types"]
    counts = {each["type"]: each["customers"] for each in found}
    assert sum(counts.values()) == 200
    assert counts["loyal"] + counts["latent"] == 100
    assert min(counts.values()) > 5
    assert (await client(organisation.other_rep).get(SATISFACTION)).json()["loyalty_types"] == []

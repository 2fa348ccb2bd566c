"""Use cases of win probability: train, compare, take out of use, answer for one deal."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_pipeline.errors import TooFewDeals
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.win_model import verdict_rules
from guanxi_pipeline.win_model.model_rules import answer, model_from
from guanxi_pipeline.win_model.reading import CLOSED
from guanxi_pipeline.win_model.term_rules import facts_of, shown_of, sight_of
from guanxi_pipeline.win_model.training import KIND, tell
from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound
from guanxi_shared.jobs import create_job

MODEL = """
SELECT w.id, w.verdict, w.comparison::text, w.model::text, w.parameters::text, w.watermark::text, w.is_in_use,
  w.trained_at, w.trained_by, w.ended_at
FROM win_models w WHERE w.organisation_id = $2 AND w.pipeline_id = $3
"""
USES = "SELECT p.uses_model FROM pipelines p WHERE p.organisation_id = $2 AND p.id = $3 AND p.deleted_at IS NULL"
COUNTED = CLOSED.replace("$2", "$3").replace("$1", "$2")
STAGE = """
SELECT s.probability::float8 AS probability FROM stages s WHERE s.organisation_id = $2 AND s.id = $3
"""
ACCOUNT = """
SELECT k.id, k.industry, k.region, k.owner_id, k.team_id FROM known_accounts k
WHERE k.organisation_id = $2 AND k.id = $3
"""
END = """
UPDATE win_models SET is_in_use = false, ended_at = clock_timestamp()
WHERE organisation_id = $1 AND pipeline_id = $2 AND is_in_use RETURNING id, verdict
"""
NOTHING: Final[Mapping[str, Any]] = {
    "learnt": None, "log_odds": None, "base_probability": None, "base_log_odds": None, "evidence": [],
    "calibration": [], "model_id": None, "trained_at": None, "n": None,
}  # fmt: skip
NOT_TRAINED = "Nothing was learnt for this pipeline yet: POST …/win-model/train."
ENDED = "The model was taken out of use."


async def start_training(call: Call, connection: Connection, pipeline_id: UUID) -> UUID:
    """The job's id; TooFewDeals says how many there are, and how many it takes."""
    await _uses_model(call, pipeline_id)
    counts = await _closed(call, pipeline_id)
    if refusal := verdict_rules.too_few(counts["won"], counts["lost"]):
        raise TooFewDeals(refusal)
    params = {"pipeline_id": str(pipeline_id)}
    return await create_job(
        connection, call.organisation, kind=KIND, params=params, created_by=call.by.user_id, total=1
    )


async def read_win_model(call: Call, pipeline_id: UUID) -> dict[str, Any]:
    """Everything that is known of the pipeline's model, also that there is none and why."""
    uses_model = await _uses_model(call, pipeline_id)
    closed = await _closed(call, pipeline_id)
    found = await _model(call, pipeline_id)
    return {
        "pipeline_id": str(pipeline_id), "uses_model": uses_model,
        "closed": {"won": closed["won"], "lost": closed["lost"]},
        "needed": {
            "closed": verdict_rules.FEWEST_CLOSED, "of_each": verdict_rules.FEWEST_OF_EACH,
        },
        **(_trained(found) if found is not None else _untrained(closed)),
    }  # fmt: skip


def _trained(found: Mapping[str, Any]) -> dict[str, Any]:
    terms: dict[str, int] = {}
    for term in (found["model"] or {"terms": []})["terms"]:
        terms[term["group"]] = terms.get(term["group"], 0) + 1
    sentence = found["comparison"]["sentence"]
    return {
        "verdict": found["verdict"], "is_in_use": found["is_in_use"],
        "sentence": f"{sentence} {ENDED}" if found["ended_at"] else sentence,
        "model_id": str(found["id"]), "trained_by": found["trained_by"] and str(found["trained_by"]),
        "judged_by": terms if found["model"] else None,
        **{name: found[name] for name in ("trained_at", "ended_at", "comparison", "parameters", "watermark")},
    }  # fmt: skip


def _untrained(closed: Mapping[str, Any]) -> dict[str, Any]:
    refusal = verdict_rules.too_few(closed["won"], closed["lost"])
    return {
        "verdict": "not_trained" if refusal is None else verdict_rules.TOO_FEW,
        "sentence": refusal or NOT_TRAINED, "is_in_use": False,
        **dict.fromkeys(("model_id", "trained_at", "trained_by", "ended_at", "comparison", "judged_by",
                         "parameters", "watermark")),
    }  # fmt: skip


async def end_win_model(call: Call, connection: Connection, pipeline_id: UUID) -> None:
    """Out of use; open deals go back to their stages' probabilities within a minute. NotFound when
    nothing is in use."""
    await _uses_model(call, pipeline_id)
    row = await connection.fetchrow(END, call.organisation, pipeline_id)
    if row is None:
        raise NotFound("No model is in use in this pipeline.")
    told = {"id": str(row["id"]), "verdict": row["verdict"], "is_in_use": False}
    await tell(connection, pipeline_id, "model_ended", told, call.actor)


async def read_win_probability(call: Call, opportunity_id: UUID) -> dict[str, Any]:
    """The stage's, the one by hand and the learnt one of a visible deal, with what moved the last."""
    found = await reads.find_record(call, OPPORTUNITIES, opportunity_id)
    state: dict[str, Any] = orjson.loads(orjson.dumps(found, option=orjson.OPT_UTC_Z))
    asked = (call.organisation, UUID(state["stage_id"]))
    stage = await call.db.fetchrow(call.organisation, STAGE, *asked)
    assert stage is not None  # a deal stands in a stage: the database sees to it
    source = state["probability_source"]
    return {
        "opportunity_id": state["id"], "status": state["status"], "in_use": source,
        "probability": state["probability"], "stage_default": stage["probability"],
        "by_hand": state["probability"] if source == "manual" else None,
        **await _learnt(call, state, UUID(state["pipeline_id"])),
    }  # fmt: skip


async def _learnt(call: Call, state: Mapping[str, Any], pipeline_id: UUID) -> dict[str, Any]:
    found = await _model(call, pipeline_id)
    if found is None:
        closed = await _closed(call, pipeline_id)
        return {**NOTHING, "why_not": _untrained(closed)["sentence"]}
    comparison = found["comparison"]
    about = {
        "calibration": comparison["calibration"], "model_id": str(found["id"]),
        "trained_at": found["trained_at"], "n": sum(comparison["closed"].values()),
    }  # fmt: skip
    if not found["is_in_use"]:
        return {
            **NOTHING,
            **about,
            "why_not": ENDED if found["ended_at"] else comparison["sentence"],
        }
    if state["status"] != "open":
        return {**NOTHING, **about, "why_not": f"It is {state['status']}."}
    said = await _answer(call, state, found["model"])
    learnt = said.pop("probability")
    return {**about, **said, "learnt": learnt, "why_not": None}


async def _answer(
    call: Call, state: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, Any]:
    """What is said of an account that the caller may not see moves the answer, unnamed."""
    account = None
    if state["account_id"] is not None:
        asked = (call.organisation, UUID(state["account_id"]))
        row = await call.db.fetchrow(call.organisation, ACCOUNT, *asked)
        account = None if row is None else dict(row)
    sight = sight_of(state, account, call.by.zone)
    shown = shown_of(sight)
    scope = await call.scope("accounts")
    if account is not None and not scope.covers(
        id=account["id"], owner_id=account["owner_id"], team_id=account["team_id"]
    ):
        shown |= {"industry": None, "region": None}
    return answer(model_from(stored), facts_of(sight), shown)


async def _uses_model(call: Call, pipeline_id: UUID) -> bool:
    row = await call.db.fetchrow(call.organisation, USES, call.organisation, pipeline_id)
    if row is None:
        raise NotFound(f"There is no pipeline with the id {str(pipeline_id)!r}.")
    return bool(row["uses_model"])


async def _closed(call: Call, pipeline_id: UUID) -> Mapping[str, Any]:
    row = await call.db.fetchrow(call.organisation, COUNTED, call.organisation, pipeline_id)
    assert row is not None
    return dict(row)


async def _model(call: Call, pipeline_id: UUID) -> dict[str, Any] | None:
    row = await call.db.fetchrow(call.organisation, MODEL, call.organisation, pipeline_id)
    if row is None:
        return None
    found = dict(row)
    for name in ("comparison", "model", "parameters", "watermark"):
        found[name] = orjson.loads(found[name] or "null")
    return found

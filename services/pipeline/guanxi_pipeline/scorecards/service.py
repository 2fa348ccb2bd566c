"""Use cases of the scorecard and of the scores that it gives."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_pipeline.leads.fitting import understood
from guanxi_pipeline.leads.known import ways_of
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.scorecards import rules
from guanxi_pipeline.scorecards.resources import SCORECARDS
from guanxi_pipeline.scorecards.schemas import ScorecardUpdate
from guanxi_pipeline.scorecards.scoring import scored
from guanxi_shared import delegation
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.jobs import create_job
from guanxi_shared.only_record import only_record, write_only_record
from guanxi_shared.reads import find_record
from guanxi_shared.records import State

DEFAULTS: Final[Mapping[str, Any]] = {"criteria": [], "questions": []}
RESCORE: Final = "rescore-leads"
WHOLE: Final = (
    "SELECT to_jsonb(l)::text AS whole FROM leads l WHERE organisation_id = $2 AND id = $3"
)


async def get_scorecard(call: Call) -> State:
    return await only_record(call, SCORECARDS, DEFAULTS)


async def update_scorecard(
    call: Call, connection: Connection, data: ScorecardUpdate, version: int | None
) -> State:
    """The lists that are sent, whole; open leads are then scored anew by the worker."""
    changes = data.model_dump(mode="json", include=data.model_fields_set)
    for index, criterion in enumerate(changes.get("criteria", [])):
        await understood(call, criterion["filter_groups"], where=f"criteria.{index}.filter_groups")
    for kind in changes:
        rules.demand_unique(kind, changes[kind])
    for index, question in enumerate(changes.get("questions", [])):
        rules.demand_unique(f"questions.{index}.choices", question["choices"])
    state = await write_only_record(call, connection, SCORECARDS, DEFAULTS, changes, version)
    ways_of(call.house).forget(call.organisation)
    await create_job(
        connection, call.organisation, kind=RESCORE,
        params={"by": delegation.as_params(call.by), "version": state["version"]},
        created_by=call.by.user_id,
    )  # fmt: skip
    return state


async def get_score(call: Call, lead_id: UUID) -> dict[str, Any]:
    """The evidence that was kept with the score, and whether it would be the same today."""
    await find_record(call, LEADS, lead_id)
    found = await call.db.fetchrow(call.organisation, WHOLE, call.organisation, lead_id)
    row = orjson.loads(found["whole"]) if found is not None else {}
    card = (await ways_of(call.house).of(call.organisation)).scorecard
    async with call.db.transaction(call.organisation) as connection:
        changes = await scored(call, connection, card, row, call.clock.now)
    return {
        "score": row.get("score"), "reasons": row.get("score_reasons", []),
        "scored_at": row.get("scored_at"), "is_current": not changes,
    }  # fmt: skip

"""Where an opportunity has stood, and for how long: read from its log, which keeps every move."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from guanxi_pipeline.opportunities.flag_rules import flags_of
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.pipelines.known import Known, known_pipelines
from guanxi_shared import reads
from guanxi_shared.calls import Call

MOVES = """
SELECT occurred_at, after->>'pipeline_id' AS pipeline_id, after->>'stage_id' AS stage_id, actor_id::text
FROM events WHERE organisation_id = $2 AND subject_id = $3 AND subject_type = 'opportunity'
  AND (type = 'pipeline.opportunity.created' OR 'stage_id' = ANY(changed)) ORDER BY version
"""
ROW = """
SELECT status, close_on, first_close_on, close_on_moves, stage_entered_at, updated_at, last_activity_at,
  pipeline_id, stage_id FROM opportunities WHERE organisation_id = $2 AND id = $3
"""


async def read_stays(call: Call, opportunity_id: UUID) -> dict[str, Any]:
    """The stays of a visible opportunity, the time in each stage altogether, and what is wrong now."""
    await reads.find_record(call, OPPORTUNITIES, opportunity_id)
    asked = (call.organisation, opportunity_id)
    moves = [dict(move) for move in await call.db.fetch(call.organisation, MOVES, *asked)]
    row = await call.db.fetchrow(call.organisation, ROW, *asked)
    assert row is not None
    known = await known_pipelines(call, row["pipeline_id"], row["stage_id"])
    now = datetime.now(UTC)
    stays = _stays(moves, known, now)
    totals: dict[str, int] = {}
    for stay in stays:
        totals[stay["stage_id"]] = totals.get(stay["stage_id"], 0) + stay["seconds"]
    return {
        "data": stays,
        "seconds_by_stage": totals,
        "flags": flags_now(call, known, dict(row), now),
    }


def _stays(moves: Sequence[Mapping[str, Any]], known: Known, now: datetime) -> list[dict[str, Any]]:
    ends = [*(move["occurred_at"] for move in moves[1:]), None]
    return [
        {
            "pipeline_id": move["pipeline_id"], "stage_id": move["stage_id"],
            "stage_name": _name(known, move["pipeline_id"], move["stage_id"]),
            "entered_at": move["occurred_at"], "left_at": end,
            "seconds": int(((end or now) - move["occurred_at"]).total_seconds()),
            "moved_by": move["actor_id"],
        }
        for move, end in zip(moves, ends, strict=True)
    ]  # fmt: skip


def _name(known: Known, pipeline_id: str, stage_id: str) -> str | None:
    pipeline = known.pipelines.get(UUID(pipeline_id))
    stage = pipeline.stages.get(UUID(stage_id)) if pipeline is not None else None
    return None if stage is None else stage.name


def flags_now(
    call: Call, known: Known, row: Mapping[str, Any], now: datetime
) -> list[dict[str, str]]:
    """The flags of a stored row by its pipeline's days and its stage's."""
    pipeline = known.pipelines[row["pipeline_id"]]
    stage = pipeline.stages[row["stage_id"]]
    return flags_of(
        row, max_days=stage.max_days, idle_days=pipeline.idle_days, now=now, today=call.clock.today
    )


def as_json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)

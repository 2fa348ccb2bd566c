"""Use cases of pipelines: make, change, put away. What stands in one is never moved by that."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from guanxi_pipeline.errors import PipelineInUse, StageInUse
from guanxi_pipeline.pipelines import rules
from guanxi_pipeline.pipelines.criteria import check_criteria
from guanxi_pipeline.pipelines.resources import PIPELINES
from guanxi_pipeline.pipelines.schemas import PipelineCreate, PipelineUpdate
from guanxi_shared import records
from guanxi_shared.calls import Actor, Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, Invalid
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version

# One writer of an organisation's pipelines at a time: which is the default is said of all of them.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('pipelines ' || $1::text, 0))"
DEFAULT = """
SELECT id FROM pipelines WHERE organisation_id = $1 AND is_default AND deleted_at IS NULL AND id <> $2
"""
ENTER = """
INSERT INTO stages AS s (organisation_id, id, pipeline_id, position, name, kind, probability, forecast_category,
  max_days, required_fields, exit_criteria, guidance)
SELECT $1, e.id, $2, e.position, e.name, e.kind, e.probability, e.forecast_category, e.max_days,
  e.required_fields, e.exit_criteria, e.guidance
FROM jsonb_to_recordset($3::text::jsonb) AS e (id uuid, position bigint, name text, kind text, probability numeric,
  forecast_category text, max_days bigint, required_fields text[], exit_criteria jsonb, guidance text)
ON CONFLICT (organisation_id, id) DO UPDATE SET position = excluded.position, name = excluded.name,
  probability = excluded.probability, forecast_category = excluded.forecast_category, max_days = excluded.max_days,
  required_fields = excluded.required_fields, exit_criteria = excluded.exit_criteria, guidance = excluded.guidance
"""
TAKEN = "SELECT 1 FROM stages WHERE organisation_id = $1 AND id = ANY($2::uuid[]) LIMIT 1"
# What is being put into them is waited for, and what comes later finds them gone (`stage_is_there`).
HOLD_STAGES = "SELECT 1 FROM stages WHERE organisation_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE"
HOLD = "SELECT 1 FROM pipelines WHERE organisation_id = $1 AND id = $2 FOR UPDATE"
REMOVE = "UPDATE stages SET removed_at = now() WHERE organisation_id = $1 AND id = ANY($2::uuid[])"
STANDING = """
SELECT s.name, count(*) FROM opportunities o JOIN stages s ON s.organisation_id = o.organisation_id AND s.id = o.stage_id
WHERE o.organisation_id = $1 AND o.pipeline_id = $2 AND o.stage_id = ANY($3::uuid[]) AND o.deleted_at IS NULL
GROUP BY s.name ORDER BY s.name
"""
OPEN = """
SELECT count(*) FROM opportunities
WHERE organisation_id = $1 AND pipeline_id = $2 AND status = 'open' AND deleted_at IS NULL
"""


async def create_pipeline(call: Call, connection: Connection, data: PipelineCreate) -> State:
    """A new pipeline with its stages; the first of an organisation is its default."""
    sent = data.model_dump(mode="json")
    await check_criteria(call, sent["stages"])
    await connection.execute(LOCK, str(call.organisation))
    pipeline_id = data.id or new_id()
    columns = {**data.model_dump(exclude={"stages"}), "id": pipeline_id}
    if not data.is_default:
        columns["is_default"] = not await connection.fetchval(
            DEFAULT, call.organisation, pipeline_id
        )
    return await found_pipeline(
        connection, call.organisation, columns, sent["stages"], actor=call.actor
    )


async def found_pipeline(
    connection: Connection, organisation: UUID, columns: Mapping[str, Any],
    stages: Sequence[Mapping[str, Any]], *, actor: Actor,
) -> State:  # fmt: skip
    """Written whole; what was the default before is it no more, if this one is."""
    await _demand_new(connection, organisation, stages)
    stored = rules.stages_as_stored([{**stage, "id": None} for stage in stages], [])
    stages = _with_ids(
        [{**new, "id": sent["id"]} for new, sent in zip(stored, stages, strict=True)]
    )
    if columns["is_default"]:
        await _end_default(connection, organisation, columns["id"], actor)
    state = await records.insert_record(
        connection, PIPELINES, {**columns, "organisation_id": organisation}, actor=actor,
        computed={"stages": _shown(stages)},
    )  # fmt: skip
    await _enter(connection, organisation, columns["id"], stages)
    return state


async def _demand_new(
    connection: Connection, organisation: UUID, stages: Sequence[Mapping[str, Any]]
) -> None:
    """A client may bring its own ids of stages; none that is taken."""
    given = [UUID(str(stage["id"])) for stage in stages if stage.get("id")]
    if len(set(given)) < len(given):
        raise Invalid("A stage is named twice.", errors={"stages": "Use each id once."})
    if given and await connection.fetchval(TAKEN, organisation, given):
        raise Conflict(
            "A stage with one of these ids exists already.",
            errors={"stages": "Choose new ids, or leave them out."},
            code="id_taken",
        )


async def update_pipeline(
    call: Call, connection: Connection, pipeline_id: UUID, data: PipelineUpdate, version: int | None
) -> State:
    """A merge patch; stages that are left out go, if nothing stands in them."""
    await connection.execute(LOCK, str(call.organisation))
    loaded = await records.load_record(connection, PIPELINES, pipeline_id, scope=EVERYTHING)
    await check_version(connection, PIPELINES, loaded, version)
    changes = data.model_dump(exclude_unset=True, exclude={"stages"})
    computed = {}
    if "stages" in data.model_fields_set:
        wanted = data.model_dump(mode="json")["stages"]
        await check_criteria(call, wanted)
        computed["stages"] = await _set_stages(call, connection, loaded, wanted)
    if changes.get("is_default"):
        await _end_default(connection, call.organisation, pipeline_id, call.actor)
    return await records.update_record(
        connection, PIPELINES, loaded, changes, actor=call.actor, computed=computed
    )


async def delete_pipeline(
    call: Call, connection: Connection, pipeline_id: UUID, version: int | None
) -> State:
    """Only when nothing open stands in it; what was closed there stays readable."""
    await connection.execute(LOCK, str(call.organisation))
    await connection.execute(HOLD, call.organisation, pipeline_id)
    loaded = await records.load_record(connection, PIPELINES, pipeline_id, scope=EVERYTHING)
    await check_version(connection, PIPELINES, loaded, version)
    if standing := await connection.fetchval(OPEN, call.organisation, pipeline_id):
        raise PipelineInUse(
            f"{standing} open opportunities stand in it; move or close them, or set is_active to false."
        )
    return await records.delete_record(connection, PIPELINES, loaded, actor=call.actor)


async def restore_pipeline(call: Call, connection: Connection, pipeline_id: UUID) -> State:
    """As it was, but for being the default, if another one is that now."""
    await connection.execute(LOCK, str(call.organisation))
    loaded = await records.load_record(
        connection, PIPELINES, pipeline_id, scope=EVERYTHING, deleted=True
    )
    changes: dict[str, Any] = {"deleted_at": None}
    if await connection.fetchval(DEFAULT, call.organisation, pipeline_id):
        changes["is_default"] = False
    return await records.update_record(
        connection, PIPELINES, loaded, changes, actor=call.actor, verb="restored"
    )


async def _set_stages(
    call: Call, connection: Connection, loaded: Loaded, wanted: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    present = loaded.computed["stages"]
    stages = _with_ids(rules.stages_as_stored(wanted, present))
    gone = rules.removed(present, wanted)
    if gone:
        await connection.execute(HOLD_STAGES, call.organisation, gone)
        standing = await connection.fetch(STANDING, call.organisation, loaded.id, gone)
        if standing:
            counted = ", ".join(f"{row['count']} in {row['name']}" for row in standing)
            raise StageInUse(
                f"Opportunities stand in stages that would go: {counted}.",
                errors={"stages": "Move them first, or keep the stage."},
            )
        await connection.execute(REMOVE, call.organisation, gone)
    await _enter(connection, call.organisation, loaded.id, stages)
    return _shown(stages)


async def _enter(
    connection: Connection, organisation: UUID, pipeline_id: UUID, stages: Sequence[Any]
) -> None:
    rows = [{**stage, "position": index} for index, stage in enumerate(stages)]
    await connection.execute(ENTER, organisation, pipeline_id, orjson.dumps(rows).decode())


async def _end_default(
    connection: Connection, organisation: UUID, pipeline_id: UUID, actor: Actor
) -> None:
    other = await connection.fetchval(DEFAULT, organisation, pipeline_id)
    if other is not None:
        loaded = await records.load_record(connection, PIPELINES, other, scope=EVERYTHING)
        await records.update_record(
            connection, PIPELINES, loaded, {"is_default": False}, actor=actor
        )


def _with_ids(stages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**stage, "id": str(stage.get("id") or new_id())} for stage in stages]


SHOWN = (
    "id", "name", "kind", "probability", "forecast_category", "max_days", "required_fields",
    "exit_criteria", "guidance",
)  # fmt: skip


def _shown(stages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """As the API shows them: the order of their keys aside, what the table would give."""
    return [
        {name: stage.get(name) for name in SHOWN}
        | {"probability": float(Decimal(str(stage["probability"])))}
        for stage in stages
    ]

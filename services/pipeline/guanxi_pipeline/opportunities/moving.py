"""Moves along the board: one at a time in a stage, so that two people who drag at once both land where
they dropped.

What is placed beside another card waits its turn for the stage (an advisory lock), looks where its
neighbours are now, and takes a rank between them.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from guanxi_pipeline.errors import NeighbourGone
from guanxi_pipeline.opportunities import rules, stage_rules
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.opportunities.schemas import Move
from guanxi_pipeline.opportunities.stage_rules import Moving
from guanxi_pipeline.pipelines.criteria import criterion_condition
from guanxi_pipeline.pipelines.known import Pipeline, Stage, known_pipelines
from guanxi_pipeline.win_model.applying import probability_there
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, Malformed
from guanxi_shared.filters import Binder
from guanxi_shared.records import Loaded, State
from guanxi_shared.statements import compile_after_binding
from guanxi_shared.writes import check_version

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('stage ' || $1::text, 0))"
# The card that is named and the one on its other side, whoever may see that one.
BELOW = """
SELECT n.rank, (SELECT o.rank FROM opportunities o WHERE o.organisation_id = $1 AND o.pipeline_id = $2
  AND o.stage_id = $3 AND o.deleted_at IS NULL AND o.id <> $5 AND (o.rank, o.id) > (n.rank, n.id)
  ORDER BY o.rank, o.id LIMIT 1) AS other
FROM opportunities n WHERE n.organisation_id = $1 AND n.pipeline_id = $2 AND n.stage_id = $3 AND n.id = $4
  AND n.deleted_at IS NULL
"""
ABOVE = BELOW.replace("> (n.rank, n.id)", "< (n.rank, n.id)").replace(
    "ORDER BY o.rank, o.id", "ORDER BY o.rank DESC, o.id DESC"
)
END = """
SELECT {which}(rank) FROM opportunities WHERE organisation_id = $1 AND pipeline_id = $2 AND stage_id = $3
  AND deleted_at IS NULL AND id <> $4
"""
# Ranks say an order and nothing else; new ones are no change of a record. A card that leaves the stage
# while this waits for it keeps the rank that it got elsewhere; the one that is moved gets its own.
NUMBER_ANEW = """
UPDATE opportunities o SET rank = n.place FROM (
  SELECT id, row_number() OVER (ORDER BY rank, id) AS place FROM opportunities
  WHERE organisation_id = $1 AND pipeline_id = $2 AND stage_id = $3 AND deleted_at IS NULL AND id <> $4) AS n
WHERE o.organisation_id = $1 AND o.id = n.id AND o.pipeline_id = $2 AND o.stage_id = $3
"""


async def move_opportunity(
    call: Call, connection: Connection, opportunity_id: UUID, data: Move, version: int | None
) -> State:
    """A card dropped in a stage, at a place if one is named; the stage's rules decide."""
    places = [data.after_id, data.before_id, data.position]
    if sum(place is not None for place in places) > 1:
        raise Invalid(
            "Name one place.", errors={"after_id": "Send after_id, before_id or position."}
        )
    if opportunity_id in (data.after_id, data.before_id):
        raise Invalid(
            "A card is no neighbour of itself.", errors={"after_id": "Name another card."}
        )
    if any(place is not None for place in places):
        await connection.execute(LOCK, str(data.stage_id))
    scope = await call.scope(OPPORTUNITIES.name)
    loaded = await records.load_record(connection, OPPORTUNITIES, opportunity_id, scope=scope)
    await check_version(connection, OPPORTUNITIES, loaded, version)
    more = data.model_dump(include=data.model_fields_set & {"reason", "reason_note"})
    return await move_to_stage(
        call, connection, loaded, data.stage_id, confirmed=data.confirmed, more=more, place=data
    )


async def move_to_stage(
    call: Call, connection: Connection, loaded: Loaded, stage_id: UUID, *,
    confirmed: Collection[str], more: Mapping[str, Any] | None = None, place: Move | None = None,
    by_hand: Mapping[str, Any] | None = None,
) -> State:  # fmt: skip
    """Whatever moves a deal comes through here. In its own stage only the place changes, which is no
    move to tell of. `more` is why it is closed, `by_hand` what counts before the stage's own."""
    pipeline_id = loaded.row["pipeline_id"]
    known = await known_pipelines(call, pipeline_id, stage_id)
    here, there = known.pipelines[pipeline_id], known.of_stage(stage_id)
    now, said = datetime.now(UTC), dict(more or {})
    rank = await _rank(connection, call.organisation, there.id, stage_id, loaded, place, now)
    if stage_id == loaded.row["stage_id"]:
        changes = _staying(here, loaded, confirmed, said) | {"rank": rank}
        return await records.update_record(
            connection, OPPORTUNITIES, loaded, changes, actor=call.actor
        )
    before, after = here.stages[loaded.row["stage_id"]], there.stage(stage_id)
    there.demand_open_to(after, is_there=here.id == there.id)
    said = stage_rules.why(before.kind, after.kind, said)
    met = await _met(call, connection, loaded, before, confirmed)
    moving = await _moving(call, loaded, here, there, before, after, met, said, now)
    stage_rules.demand_move(moving)
    changes = {**said, **stage_rules.changes_of(moving), "rank": rank}
    if loaded.row["probability_source"] == "model" and before.kind == after.kind == "open":
        changes |= await probability_there(connection, {**loaded.row, **changes}, after)
    changes |= by_hand or {}
    return await records.update_record(
        connection, OPPORTUNITIES, loaded, changes, actor=call.actor,
        verb=stage_rules.verb_of(before.kind, after.kind),
    )  # fmt: skip


def _staying(
    here: Pipeline, loaded: Loaded, confirmed: Collection[str], said: dict[str, Any]
) -> dict[str, Any]:
    """What a move changes that ends where it began."""
    if "reason" in said:
        stage_rules.demand_reason(here, loaded.row["status"], said["reason"])
    return {"confirmed": sorted({*loaded.row["confirmed"], *confirmed}), **said}


async def _moving(
    call: Call, loaded: Loaded, here: Pipeline, there: Pipeline, before: Stage, after: Stage,
    met: frozenset[str], more: Mapping[str, Any], now: datetime,
) -> Moving:  # fmt: skip
    scope = await call.scope(OPPORTUNITIES.name)
    return Moving(
        row={**loaded.row, **more, "pipeline_id": there.id},
        pipeline=there, from_stage=before, to_stage=after, met=met, now=now,
        leads_others=scope.heads_others,
        is_same_pipeline=here.id == there.id,
    )  # fmt: skip


async def _rank(
    connection: Connection, organisation: UUID, pipeline_id: UUID, stage_id: UUID, loaded: Loaded,
    place: Move | None, now: datetime,
) -> Decimal:  # fmt: skip
    """The place that is asked for; without one the top, and in its own stage where it is."""
    where = (organisation, pipeline_id, stage_id)
    if place is None or (place.after_id, place.before_id, place.position) == (None, None, None):
        present: Decimal = loaded.row["rank"]
        return present if stage_id == loaded.row["stage_id"] else rules.top_rank(now)
    for _ in range(2):
        above, below = await _neighbours(connection, where, loaded.id, place)
        if not rules.is_crowded(above, below):
            break
        await connection.execute(NUMBER_ANEW, *where, loaded.id)
    return rules.rank_between(above, below, now)


async def _neighbours(
    connection: Connection, where: tuple[UUID, UUID, UUID], own_id: UUID, place: Move
) -> tuple[Decimal | None, Decimal | None]:
    """The ranks above and below the place, None at an end."""
    if place.position == "top":
        return None, await connection.fetchval(END.format(which="min"), *where, own_id)
    if place.position == "bottom":
        return await connection.fetchval(END.format(which="max"), *where, own_id), None
    named = place.after_id or place.before_id
    sql = BELOW if place.after_id is not None else ABOVE
    row = await connection.fetchrow(sql, *where, named, own_id)
    if row is None:
        field = "after_id" if place.after_id is not None else "before_id"
        raise NeighbourGone(
            "The card beside which it was dropped is not in that stage any more; read the board again.",
            errors={field: "It stands elsewhere now."},
        )
    return (
        (row["rank"], row["other"]) if place.after_id is not None else (row["other"], row["rank"])
    )


async def _met(
    call: Call, connection: Connection, loaded: Loaded, stage: Stage, confirmed: Collection[str]
) -> frozenset[str]:
    """The criteria of a stage that hold: those that are confirmed, now or before, and those whose
    filter the record fits."""
    said = {*loaded.row["confirmed"], *confirmed}
    met = set()
    for criterion in stage.exit_criteria:
        if not criterion.get("filter_groups"):
            met |= {criterion["key"]} & said
        elif await _fits(call, connection, loaded.id, criterion):
            met.add(criterion["key"])
    return frozenset(met)


async def _fits(
    call: Call, connection: Connection, opportunity_id: UUID, criterion: Mapping[str, Any]
) -> bool:
    bind = Binder()
    try:
        condition = await criterion_condition(call, criterion, bind)
    except Malformed as problem:
        raise Invalid(
            f"The criterion {criterion['key']!r} of this stage asks for what is not there any more; "
            "have the pipeline mended.",
            errors={f"confirmed.{criterion['key']}": problem.detail},
        ) from problem
    table = OPPORTUNITIES.table
    wanted = [table.c.id == bindparam("record", type_=Uuid)]
    found = select(table.c.id).where(*wanted, *([] if condition is None else [condition]))
    compiled = compile_after_binding(found)
    asked = {"record": opportunity_id, "organisation": call.organisation}
    values = compiled.args({**asked, **bind.values})
    sql = f"SELECT found.* FROM (SELECT $1::text) AS unused, LATERAL ({compiled.sql}) AS found"
    return await connection.fetchval(sql, "", *values) is not None

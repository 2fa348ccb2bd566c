"""Where a model is used: open deals of pipelines that have switched it on take its probability.

A duty does it once a minute; a move asks at once. A probability by hand stays by hand. What a model gave goes
back to the stage's when the model ends. Less than a point is not written: every write is a version that
somebody has to read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.pipelines.known import Stage
from guanxi_pipeline.win_model.model_rules import Model, answer, model_from
from guanxi_pipeline.win_model.term_rules import facts_of, shown_of, sight_of
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection, Database
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.records import Loaded
from guanxi_shared.rounds import go_round
from guanxi_shared.schedules import schedule

ACTOR: Final = Actor(id=None, kind="service", channel="win-model")
AT_ONCE: Final = 500
NIL: Final = UUID(int=0)
SLACK: Final = timedelta(minutes=5)  # transactions that were open when the last round began
LEAST_CHANGE: Final = Decimal(1)  # point

USED = """
SELECT w.id, w.pipeline_id, w.model::text, w.applied_at,
  coalesce((SELECT s.time_zone FROM directory_state s WHERE s.organisation_id = $1), 'UTC') AS zone
FROM win_models w
JOIN pipelines p ON p.organisation_id = w.organisation_id AND p.id = w.pipeline_id
WHERE w.organisation_id = $1 AND w.is_in_use AND p.uses_model AND p.deleted_at IS NULL
"""
OF_PIPELINE = USED + " AND w.pipeline_id = $2"
DUE = """
SELECT id FROM opportunities WHERE organisation_id = $1 AND pipeline_id = $2 AND status = 'open'
  AND deleted_at IS NULL AND id > $3 AND probability_source <> 'manual'
  AND ($4::timestamptz IS NULL OR updated_at >= $4 OR probability_source = 'stage') ORDER BY id LIMIT $5
"""
STRAYS = """
SELECT id FROM opportunities WHERE organisation_id = $1 AND NOT pipeline_id = ANY($2::uuid[]) AND status = 'open'
  AND deleted_at IS NULL AND probability_source = 'model' ORDER BY id LIMIT $3
"""
DEFAULTS = """
SELECT id, probability::float8 AS probability FROM stages WHERE organisation_id = $1 AND id = ANY($2::uuid[])
"""
ACCOUNTS = "SELECT id, industry, region FROM known_accounts WHERE organisation_id = $1 AND id = ANY($2::uuid[])"
APPLIED = "UPDATE win_models SET applied_at = $3 WHERE organisation_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class Judge:
    """A model in use, and the time zone by whose days it looks."""

    model: Model
    zone: ZoneInfo

    @classmethod
    def of(cls, used: Mapping[str, Any]) -> "Judge":
        return cls(model_from(orjson.loads(used["model"])), ZoneInfo(used["zone"]))

    def columns(self, row: Mapping[str, Any], account: Mapping[str, Any] | None) -> dict[str, Any]:
        sight = sight_of(OPPORTUNITIES.state(row, {}), account, self.zone)
        found = answer(self.model, facts_of(sight), shown_of(sight))
        return {"probability": Decimal(str(found["probability"])), "probability_source": "model"}


@schedule("* * * * *", name="apply-win-models")
async def apply_win_models(database: Database) -> None:
    await go_round(database, partial(apply_in, database), what="applying win models")


async def apply_in(database: Database, organisation: UUID) -> int:
    """How many deals were written."""
    async with database.transaction(organisation) as connection:
        used = [dict(row) for row in await connection.fetch(USED, organisation)]
    written = await _end(database, organisation, [row["pipeline_id"] for row in used])
    for row in used:
        written += await _apply(database, organisation, row)
    return written


async def _end(database: Database, organisation: UUID, pipelines: Sequence[UUID]) -> int:
    """What a model gave that is used no more: back to the stage's."""
    written = 0
    while True:
        async with database.transaction(organisation) as connection:
            rows = await connection.fetch(STRAYS, organisation, list(pipelines), AT_ONCE)
            loaded = await load_many(connection, OPPORTUNITIES, [row["id"] for row in rows])
            changes = await _defaults(connection, organisation, list(loaded.values()))
            written += await write_many(connection, OPPORTUNITIES, changes, actor=ACTOR)
        if len(rows) < AT_ONCE:
            return written


async def _defaults(
    connection: Connection, organisation: UUID, loaded: Sequence[Loaded]
) -> list[Change]:
    stages = list({each.row["stage_id"] for each in loaded})
    found = await connection.fetch(DEFAULTS, organisation, stages)
    default = {row["id"]: row["probability"] for row in found}
    return [
        Change(each, {"probability": Decimal(str(default[each.row["stage_id"]])),
                      "probability_source": "stage"})
        for each in loaded if each.row["probability_source"] == "model"
    ]  # fmt: skip


async def _apply(database: Database, organisation: UUID, used: Mapping[str, Any]) -> int:
    last = used["applied_at"]
    began = datetime.now(UTC)
    # Once a day all of them: what is known of accounts changes, too.
    since = None if last is None or last.date() != began.date() else last - SLACK
    judge = Judge.of(used)
    written, after = 0, NIL
    while True:
        async with database.transaction(organisation) as connection:
            asked = (organisation, used["pipeline_id"], after, since, AT_ONCE)
            ids = [row["id"] for row in await connection.fetch(DUE, *asked)]
            written += await _score(connection, organisation, judge, ids)
            if len(ids) < AT_ONCE:
                await connection.execute(APPLIED, organisation, used["id"], began)
                return written
            after = ids[-1]


async def _score(
    connection: Connection, organisation: UUID, judge: Judge, ids: Sequence[UUID]
) -> int:
    loaded = await load_many(connection, OPPORTUNITIES, ids)
    rows = [each.row for each in loaded.values()]
    accounts = await accounts_of(connection, organisation, rows)
    changes = []
    for each in loaded.values():
        # Under the lock: it may have been closed, or decided by hand, since it was found.
        if each.row["status"] != "open" or each.row["probability_source"] == "manual":
            continue
        columns = judge.columns(each.row, accounts.get(each.row["account_id"]))
        is_new = each.row["probability_source"] != "model"
        if is_new or abs(columns["probability"] - each.row["probability"]) >= LEAST_CHANGE:
            changes.append(Change(each, columns))
    return await write_many(connection, OPPORTUNITIES, changes, actor=ACTOR)


async def accounts_of(
    connection: Connection, organisation: UUID, rows: Sequence[Mapping[str, Any]]
) -> dict[UUID, Any]:
    ids = list({row["account_id"] for row in rows if row["account_id"] is not None})
    return {row["id"]: row for row in await connection.fetch(ACCOUNTS, organisation, ids)}


async def probability_there(
    connection: Connection, row: Mapping[str, Any], stage: Stage
) -> dict[str, Any]:
    """The columns of a deal whose probability a model gave, as it stands in its new stage."""
    organisation = row["organisation_id"]
    used = await connection.fetchrow(OF_PIPELINE, organisation, row["pipeline_id"])
    if used is None:
        return {"probability": stage.probability, "probability_source": "stage"}
    accounts = await accounts_of(connection, organisation, [row])
    return Judge.of(dict(used)).columns(row, accounts.get(row["account_id"]))

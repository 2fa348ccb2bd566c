"""Use cases of submitted forecasts: say what will be won, make of it what you think, add it up."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from guanxi_pipeline.calls import rules
from guanxi_pipeline.calls.resources import FORECASTS
from guanxi_pipeline.calls.schemas import CallAdjust, CallSubmit
from guanxi_pipeline.forecasts import period_rules
from guanxi_pipeline.opportunities.stays import as_json
from guanxi_pipeline.pipelines.known import known_pipelines
from guanxi_shared import pages, reads, records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.parameters import id_of, parameters_of
from guanxi_shared.records import State
from guanxi_shared.visibility import EVERYTHING

KNOWN = "SELECT 1 FROM directory_users u WHERE u.organisation_id = $1 AND u.id = $2 AND u.active"
# One writer of a person's calls at a time, so that the first one is made once.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('calls ' || $1::text || $2::text, 0))"
NEWEST = """
SELECT id FROM forecast_calls WHERE organisation_id = $1 AND owner_id = $2 AND period = $3 AND starts_on = $4
  AND pipeline_id IS NOT DISTINCT FROM $5 AND is_roll_up = $6 AND deleted_at IS NULL
"""
NAMES = ("period", "owner_id", "pipeline_id")


async def submit_call(call: Call, connection: Connection, data: CallSubmit) -> State:
    """The newest call of a person for a period; the ones before stay in its history."""
    sent = data.model_dump(mode="json")
    period = period_rules.parse_period(data.period, call.clock.today)
    owner = data.owner_id or call.by.user_id
    amounts = rules.amounts_from(sent)
    await _demand_place(call, connection, owner, data)
    assert owner is not None
    columns = {**amounts, "note": data.note, "submitted_by": call.by.user_id}
    key = (owner, period.kind, period.starts_on, data.pipeline_id, data.is_roll_up)
    await connection.execute(LOCK, str(call.organisation), str(owner))
    found = await connection.fetchval(NEWEST, call.organisation, *key)
    if found is not None:
        loaded = await records.load_record(connection, FORECASTS, found, scope=EVERYTHING)
        columns["submitted_at"] = datetime.now(UTC)  # after whatever it waited for
        return await records.update_record(
            connection, FORECASTS, loaded, columns, actor=call.actor, verb="submitted"
        )
    names = ("owner_id", "period", "starts_on", "pipeline_id", "is_roll_up")
    columns |= dict(zip(names, key, strict=True))
    columns |= {
        "organisation_id": call.organisation, "id": new_id(), "submitted_at": datetime.now(UTC),
    }  # fmt: skip
    return await records.insert_record(
        connection, FORECASTS, columns, actor=call.actor, verb="submitted"
    )


async def _demand_place(
    call: Call, connection: Connection, owner: UUID | None, data: CallSubmit
) -> None:
    """Of oneself, or of somebody whom one leads; a roll-up is of somebody who leads."""
    if owner != call.by.user_id or data.is_roll_up:
        await demand_leading(call, owner)
    if owner is None or await connection.fetchval(KNOWN, call.organisation, owner) is None:
        raise UnknownReference(
            "owner_id names nobody known here.", errors={"owner_id": "There is no such user."}
        )
    known = await known_pipelines(call)
    if data.pipeline_id is not None and data.pipeline_id not in known.pipelines:
        raise UnknownReference(
            "pipeline_id names no pipeline.", errors={"pipeline_id": "There is no such pipeline."}
        )


async def demand_leading(call: Call, owner: UUID | None) -> None:
    """Forbidden unless the caller leads the person: sees them by a subtree or everybody, not merely as
    a colleague."""
    if not (await call.scope_of(FORECASTS)).heads(owner):
        raise Forbidden(
            "Only somebody themself, or who leads them, says what they will win.",
            errors={"owner_id": "Choose yourself or somebody whom you lead."}, code="not_leading",
        )  # fmt: skip


async def adjust_call(call: Call, connection: Connection, call_id: UUID, data: CallAdjust) -> State:
    """What who leads the person makes of the call, or of their own roll-up."""
    scope = await call.scope_of(FORECASTS)
    loaded = await records.load_record(connection, FORECASTS, call_id, scope=scope, to_write=False)
    await demand_leading(call, loaded.row["owner_id"])
    columns = {
        **rules.amounts_from(data.model_dump(mode="json"), prefix="adjusted_"),
        "adjustment_note": data.note, "adjusted_by": call.by.user_id,
        "adjusted_at": datetime.now(UTC),
    }  # fmt: skip
    return await records.update_record(
        connection, FORECASTS, loaded, columns, actor=call.actor, verb="adjusted"
    )


async def read_calls(call: Call) -> dict[str, Any]:
    """The newest calls of a period that the caller sees, and what they sum to."""
    sent = parameters_of(call, NAMES)
    period = period_rules.parse_period(sent.get("period", "this_quarter"), call.clock.today)
    filters = {"period": period.kind, "starts_on": period.starts_on.isoformat()}
    for name in ("owner_id", "pipeline_id"):
        if (wanted := id_of(call, sent, name)) is not None:
            filters[name] = str(wanted)
    rows = [row async for page in _pages(call, filters) for row in page]
    found = orjson.loads(as_json(rows))
    shown = {"period": period_rules.shown(period), "calls": found}
    return shown | {"roll_up": rules.roll_up(found)}


async def _pages(call: Call, wanted: dict[str, str]) -> Any:
    document = {
        "filter_groups": [
            {"filters": [{"field": n, "operator": "eq", "value": v} for n, v in wanted.items()]}
        ],
        "limit": pages.MAX_LIMIT,
    }
    query = pages.from_document(document, FORECASTS, FORECASTS.fields, call.clock)
    scope = await call.scope_of(FORECASTS)
    async for rows in reads.every_page(call, FORECASTS, query, scope=scope):
        yield rows

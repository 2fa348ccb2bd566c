"""Use cases of schedules: kept when what they send is there for whoever keeps them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_analytics.queries.asked import asked_of
from guanxi_analytics.reports.service import find_report, query_of
from guanxi_analytics.schedules.due_rules import next_due
from guanxi_analytics.schedules.resource import SCHEDULES
from guanxi_analytics.schedules.schemas import ScheduleCreate, ScheduleUpdate
from guanxi_shared import delegation, records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden, Invalid, NotFound
from guanxi_shared.identifiers import new_id
from guanxi_shared.reads import find_record
from guanxi_shared.records import State
from guanxi_shared.writes import check_version

MONTHLY: Final = "monthly-report"
PAGES: Final = frozenset({"html", "pdf"})
CLOCK: Final = ("cadence", "hour", "weekday", "day")
LETTERS: Final = """
SELECT id::text, due_at, status, reason, attempts, ended_at, CASE WHEN file IS NOT NULL THEN
  '/v1/analytics/report-schedules/' || schedule_id || '/letters/' || id || '/file' END AS url FROM report_letters
WHERE organisation_id = $2 AND schedule_id = $3 ORDER BY due_at DESC, id LIMIT 50
"""


async def create_schedule(call: Call, connection: Connection, data: ScheduleCreate) -> State:
    if call.by.user_id is None:
        raise Forbidden("Letters go to people; this token names none.")
    sent = data.model_dump(exclude={"id"})
    await _check(call, sent)
    columns = {
        **sent, "id": data.id or new_id(), "organisation_id": call.organisation,
        "owner_id": call.by.user_id, "rights": delegation.as_params(call.by),
        "due_at": _next(call, sent),
    }  # fmt: skip
    return await records.insert_record(connection, SCHEDULES, columns, actor=call.actor)


async def update_schedule(
    call: Call, connection: Connection, schedule_id: UUID, data: ScheduleUpdate, version: int | None
) -> State:
    loaded = await _load(call, connection, schedule_id)
    await check_version(connection, SCHEDULES, loaded, version)
    changes = data.model_dump(exclude_unset=True)
    whole = {**loaded.row, **changes}
    await _check(call, whole)
    if any(name in changes for name in CLOCK) or changes.get("is_active"):
        changes["due_at"] = _next(call, whole)
    if call.by.user_id == loaded.row["owner_id"]:
        changes["rights"] = delegation.as_params(call.by)
    return await records.update_record(connection, SCHEDULES, loaded, changes, actor=call.actor)


async def delete_schedule(
    call: Call, connection: Connection, schedule_id: UUID, version: int | None
) -> State:
    loaded = await _load(call, connection, schedule_id)
    await check_version(connection, SCHEDULES, loaded, version)
    return await records.delete_record(connection, SCHEDULES, loaded, actor=call.actor)


async def restore_schedule(call: Call, connection: Connection, schedule_id: UUID) -> State:
    loaded = await _load(call, connection, schedule_id, deleted=True)
    return await records.restore_record(connection, SCHEDULES, loaded, actor=call.actor)


async def _load(
    call: Call, connection: Connection, schedule_id: UUID, *, deleted: bool = False
) -> records.Loaded:
    scope = await call.scope_of(SCHEDULES)
    return await records.load_record(
        connection, SCHEDULES, schedule_id, scope=scope, deleted=deleted
    )


async def list_letters(call: Call, schedule_id: UUID) -> list[dict[str, Any]]:
    """The newest fifty of a schedule that the caller sees."""
    await find_record(call, SCHEDULES, schedule_id)
    rows = await call.db.fetch(call.organisation, LETTERS, call.organisation, schedule_id)
    return [dict(row) for row in rows]


async def _check(call: Call, sent: Mapping[str, Any]) -> None:
    """What is asked for is there, and in that form."""
    is_pages = sent["report"] == MONTHLY
    if is_pages != (sent["format"] in PAGES):
        wanted = "html or pdf" if is_pages else "csv, xlsx, parquet, svg or png"
        raise Invalid("It does not come in this form.", errors={"format": f"Send {wanted}."})
    if is_pages:
        return
    try:
        report = await find_report(call, sent["report"])
    except NotFound as error:
        raise Invalid(error.detail, errors={"report": "Send one that you see."}) from error
    for permission in asked_of(call, query_of(report["document"], None)).permissions:
        call.by.demand(permission)


def _next(call: Call, sent: Mapping[str, Any]) -> datetime:
    return next_due(
        sent["cadence"], hour=sent["hour"], weekday=sent["weekday"], day=sent["day"],
        zone=call.clock.zone, after=datetime.now(UTC),
    )  # fmt: skip

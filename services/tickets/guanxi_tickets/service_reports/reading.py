"""The reports over tickets, each one statement and so one snapshot."""

from collections.abc import Callable
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, or_

from guanxi_shared.calls import Call
from guanxi_tickets.service_reports import figure_rules
from guanxi_tickets.service_reports.asked import Asked, asked_of
from guanxi_tickets.service_reports.figure_rules import AGES, DAY, OPEN_KINDS
from guanxi_tickets.service_reports.past import AT, ids
from guanxi_tickets.service_reports.picking import picked, seconds
from guanxi_tickets.ticket_settings.rules import ENDING
from guanxi_tickets.tickets.report_query import filters_of
from guanxi_tickets.tickets.resources import TICKET

RowOf = Callable[..., dict[str, Any]]
OPEN: Final = {
    "field": "status_kind", "operator": "in", "value": list(OPEN_KINDS),
}  # fmt: skip
OVER: Final = {"field": "status_kind", "operator": "in", "value": sorted(ENDING)}
SPREAD = """
count({column}) AS {name}_n, avg({column}) AS {name}_mean,
percentile_cont(0.5) WITHIN GROUP (ORDER BY {column}) AS {name}_median,
percentile_cont(0.9) WITHIN GROUP (ORDER BY {column}) AS {name}_p90
"""


KEPT = """
clocks AS (
  SELECT p.key, p.id, c.value->>'kind' AS clock, p.sla_breached @> ARRAY[c.value->>'kind'] AS is_late,
    c.value->>'state' IN ('running', 'paused') AND NOT p.sla_breached @> ARRAY[c.value->>'kind'] AS is_running
  FROM picked p, jsonb_array_elements(p.sla->'clocks') c
  WHERE c.value->>'state' <> 'cancelled' OR p.sla_breached @> ARRAY[c.value->>'kind']),
kept AS (
  SELECT key, grouping(key) = 1 AS is_total, clock, count(*) AS n, {all_ids} AS ids,
    count(*) FILTER (WHERE is_late) AS breached, {late_ids} AS breached_ids,
    count(*) FILTER (WHERE is_running) AS running, {running_ids} AS running_ids
  FROM clocks GROUP BY GROUPING SETS ((key, clock), (clock)))
SELECT jsonb_build_object(
  'groups', (SELECT coalesce(jsonb_agg(to_jsonb(groups) ORDER BY is_total, n DESC, key), '[]') FROM groups),
  'kept', (SELECT coalesce(jsonb_agg(to_jsonb(kept) ORDER BY clock), '[]') FROM kept))::text
"""


def _bucket(is_past: bool, since: int, before: int | None) -> str:
    most = "" if before is None else f" AND age < {before * DAY}"
    within = f"age >= {since * DAY}{most}"
    return f"count(*) FILTER (WHERE {within}) AS age_{since}, {ids(is_past, within)} AS age_{since}_ids"


def _kept(is_past: bool) -> str:
    return KEPT.format(
        all_ids=ids(is_past),
        late_ids=ids(is_past, "is_late"),
        running_ids=ids(is_past, "is_running"),
    )


def _backlog(is_past: bool) -> str:
    return f"""
WITH unused AS (SELECT $1::text), picked AS MATERIALIZED ({{picked}}),
groups AS (
  SELECT key, grouping(key) = 1 AS is_total, count(*) AS n, {ids(is_past, "true")} AS ids,
    count(*) FILTER (WHERE owner_id IS NULL) AS unassigned, {ids(is_past, "owner_id IS NULL")} AS unassigned_ids,
    count(*) FILTER (WHERE is_overdue) AS overdue, {ids(is_past, "is_overdue")} AS overdue_ids,
    max(age) AS oldest, {", ".join(_bucket(is_past, *days) for days in AGES)},
    {SPREAD.format(column="age", name="age")}
  FROM picked GROUP BY GROUPING SETS ((key), ()))
SELECT coalesce(jsonb_agg(to_jsonb(groups) ORDER BY is_total, n DESC, key), '[]')::text FROM groups
"""


def _solved(is_past: bool) -> str:
    return f"""
WITH unused AS (SELECT $1::text), picked AS MATERIALIZED ({{picked}}),
groups AS (
  SELECT key, grouping(key) = 1 AS is_total, count(*) AS n, {ids(is_past, "true")} AS ids,
    count(*) FILTER (WHERE reopened_count > 0) AS reopened, {ids(is_past, "reopened_count > 0")} AS reopened_ids,
    {ids(is_past, "resolution IS NOT NULL")} AS resolution_ids, {ids(is_past, "response IS NOT NULL")} AS response_ids,
    {SPREAD.format(column="resolution", name="resolution")}, {SPREAD.format(column="response", name="response")}
  FROM picked GROUP BY GROUPING SETS ((key), ())),
{_kept(is_past)}"""


def _promised(is_past: bool) -> str:
    unanswered, late = "responded IS NULL AND is_open", "cardinality(sla_breached) > 0"
    return f"""
WITH unused AS (SELECT $1::text), picked AS MATERIALIZED ({{picked}}),
groups AS (
  SELECT key, grouping(key) = 1 AS is_total, count(*) AS n, {ids(is_past, "true")} AS ids,
    count(*) FILTER (WHERE {unanswered}) AS unanswered, {ids(is_past, unanswered)} AS unanswered_ids,
    count(*) FILTER (WHERE {late}) AS breached, {ids(is_past, late)} AS breached_ids,
    {ids(is_past, "responded IS NOT NULL")} AS response_ids,
    {SPREAD.format(column="response", name="response")}
  FROM picked GROUP BY GROUPING SETS ((key), ())),
{_kept(is_past)}"""


async def read_backlog(call: Call) -> dict[str, Any]:
    """What is not solved, how old it is, what of it nobody has and what is late."""
    asked = await asked_of(call, period=None, more=(OPEN,))
    table = TICKET.c
    columns: list[ColumnElement[Any]] = [
        table.owner_id, (table.sla_due_at < AT).label("is_overdue"),
        seconds(AT, table.created_at).label("age"),
    ]  # fmt: skip
    groups = await _fetch(call, asked, columns, _backlog(asked.is_past))
    base = filters_of(asked.base)
    rows = [
        figure_rules.backlog_row(row, base, *_grouped(asked, row), asked.at, is_past=asked.is_past)
        for row in groups
    ]
    return _answer(asked, groups, rows)


async def read_solved(call: Call) -> dict[str, Any]:
    """How what is solved was worked: times, what came back, what was promised and kept."""
    asked = await asked_of(call, period="solved_at", more=(OVER,))
    table = TICKET.c
    columns: list[ColumnElement[Any]] = [
        table.reopened_count, table.sla, table.sla_breached,
        seconds(table.solved_at, table.created_at).label("resolution"),
        seconds(table.first_responded_at, table.created_at).label("response"),
    ]  # fmt: skip
    found = await _fetch(call, asked, columns, _solved(asked.is_past))
    return _answer(asked, found["groups"], _rows(asked, found, figure_rules.solved_row))


async def read_promised(call: Call) -> dict[str, Any]:
    """How promises to the tickets of a period were kept so far, whether they are solved or not."""
    asked = await asked_of(call, period="created_at", more=())
    table = TICKET.c
    columns: list[ColumnElement[Any]] = [
        table.sla, table.sla_breached, table.first_responded_at.label("responded"),
        or_(*(table.status_kind == each for each in OPEN_KINDS)).label("is_open"),
        seconds(table.first_responded_at, table.created_at).label("response"),
    ]  # fmt: skip
    found = await _fetch(call, asked, columns, _promised(asked.is_past))
    return _answer(asked, found["groups"], _rows(asked, found, figure_rules.promised_row))


def _rows(asked: Asked, found: dict[str, Any], row_of: RowOf) -> list[dict[str, Any]]:
    """Each group with its clocks."""
    base, rows = filters_of(asked.base), []
    for row in found["groups"]:
        clocks = [each for each in found["kept"] if _is_of(each, row)]
        rows.append(row_of(row, clocks, base, *_grouped(asked, row), is_past=asked.is_past))
    return rows


def _is_of(clock: dict[str, Any], row: dict[str, Any]) -> bool:
    return bool(clock["is_total"] == row["is_total"] and clock["key"] == row["key"])


def _grouped(asked: Asked, row: dict[str, Any]) -> tuple[str | None]:
    return (None if row["is_total"] else asked.group_by,)


async def _fetch(call: Call, asked: Asked, columns: list[ColumnElement[Any]], sql: str) -> Any:
    text, values = await picked(call, asked, columns)
    async with call.db.transaction(call.organisation) as connection:
        found = await connection.fetchval(sql.replace("{picked}", text), "", *values)
    return orjson.loads(found)


def _answer(
    asked: Asked, groups: list[dict[str, Any]], rows: list[dict[str, Any]]
) -> dict[str, Any]:
    """The rows of the groups, and the one of all."""
    whole = next(row for row, group in zip(rows, groups, strict=True) if group["is_total"])
    own = [row for row, group in zip(rows, groups, strict=True) if not group["is_total"]]
    return {
        "as_of": asked.at, "filters": filters_of(asked.base), "group_by": asked.group_by,
        "groups": own if asked.group_by else [], "total": whole,
    }  # fmt: skip

"""The report over complaints: what the caller sees of them, counted in one snapshot; of now, or as the log has
them at an instant."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from sqlalchemy import CTE, ColumnElement, literal_column, select

from guanxi_shared import reads, selects
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.filters import Binder
from guanxi_shared.pages import ListQuery
from guanxi_shared.statements import Compiled, compile_after_binding
from guanxi_shared.visibility import Scope
from guanxi_tickets.complaints.reading import complaint_fields
from guanxi_tickets.complaints.report_rules import report_from
from guanxi_tickets.complaints.resources import COMPLAINTS, IS_COMPLAINT, LOOPS, TODAY
from guanxi_tickets.coordination_tasks.resources import TASKS
from guanxi_tickets.corrective_actions.resources import ACTIONS
from guanxi_tickets.root_causes.resources import CAUSES
from guanxi_tickets.service_reports import past
from guanxi_tickets.service_reports.past import ids
from guanxi_tickets.tickets.report_query import as_groups, asked_for, filters_of
from guanxi_tickets.tickets.resources import TICKET

MOST_REASONS: Final = 20


def _counted(is_past: bool) -> str:
    """`picked` are the complaints that are meant, `last` their last rounds."""
    own = ids(is_past, of="ticket_id")
    return f"""
WITH RECURSIVE last AS MATERIALIZED (
  SELECT p.organisation_id, p.id AS ticket_id, r.number, r.started_at, r.steps, r.root_cause_id, r.lesson
  FROM picked p LEFT JOIN LATERAL (
    SELECT * FROM complaint_rounds r WHERE r.organisation_id = p.organisation_id AND r.ticket_id = p.id
    ORDER BY r.number DESC LIMIT 1) r ON true),
acted AS (
  SELECT a.ticket_id, count(*) AS open, count(*) FILTER (WHERE a.due_on < {TODAY}) AS overdue
  FROM picked p JOIN corrective_actions a ON a.organisation_id = p.organisation_id AND a.ticket_id = p.id
  WHERE a.status = 'open' AND a.deleted_at IS NULL GROUP BY a.ticket_id),
counts AS (
  SELECT (SELECT count(*) FROM picked) AS complaints, (SELECT {ids(is_past)} FROM picked) AS complaint_ids,
    coalesce(sum(number), 0) AS rounds,
    count(*) FILTER (WHERE number >= 2) AS reopened, {ids(is_past, "number >= 2", of="ticket_id")} AS reopened_ids,
    count(lesson) AS lessons, {ids(is_past, "lesson IS NOT NULL", of="ticket_id")} AS lesson_ids,
    (SELECT coalesce(sum(open), 0) FROM acted) AS open_actions, (SELECT count(*) FROM acted) AS with_open,
    (SELECT {own} FROM acted) AS open_ids,
    (SELECT coalesce(sum(overdue), 0) FROM acted) AS overdue_actions,
    (SELECT count(*) FROM acted WHERE overdue > 0) AS with_overdue,
    (SELECT {own} FROM acted WHERE overdue > 0) AS overdue_ids
  FROM last),
ways AS (
  SELECT c.organisation_id, c.id, c.id AS at FROM root_causes c
  UNION SELECT w.organisation_id, w.id, c.merged_into_id FROM ways w
  JOIN root_causes c ON c.organisation_id = w.organisation_id AND c.id = w.at WHERE c.merged_into_id IS NOT NULL),
ends AS (
  SELECT w.id, c.id AS at, c.name FROM ways w
  JOIN root_causes c ON c.organisation_id = w.organisation_id AND c.id = w.at WHERE c.merged_into_id IS NULL),
causes AS (
  SELECT e.at AS id, e.name, count(*) AS n, {own} AS ticket_ids,
    (SELECT array_agg(same.id) FROM ends same WHERE same.at = e.at) AS ids
  FROM last l LEFT JOIN ends e ON e.id = l.root_cause_id GROUP BY e.at, e.name ORDER BY n DESC, e.name NULLS LAST, e.at),
said AS MATERIALIZED (
  SELECT l.ticket_id, s.key AS step, s.value->>'state' AS state, s.value->>'reason' AS reason,
    extract(epoch FROM (s.value->>'at')::timestamptz - l.started_at)::float8 AS seconds
  FROM last l, jsonb_each(l.steps) s),
steps AS (
  SELECT step, state, count(*) AS n, {own} AS ids,
    percentile_cont(0.25) WITHIN GROUP (ORDER BY seconds) AS lower_quartile,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
    percentile_cont(0.75) WITHIN GROUP (ORDER BY seconds) AS upper_quartile
  FROM said GROUP BY step, state),
ranked AS (
  SELECT step, reason, count(*) AS n, row_number() OVER (PARTITION BY step ORDER BY count(*) DESC, reason) AS place
  FROM said WHERE state = 'skipped' GROUP BY step, reason),
reasons AS (SELECT step, reason, n FROM ranked WHERE place <= {MOST_REASONS} ORDER BY step, place)
SELECT jsonb_build_object(
  'counts', (SELECT to_jsonb(counts) FROM counts),
  'causes', (SELECT coalesce(jsonb_agg(to_jsonb(causes)), '[]') FROM causes),
  'steps', (SELECT coalesce(jsonb_agg(to_jsonb(steps)), '[]') FROM steps),
  'reasons', (SELECT coalesce(jsonb_agg(to_jsonb(reasons)), '[]') FROM reasons))::text
"""


@dataclass(frozen=True, slots=True)
class Asked:
    query: ListQuery
    at: datetime
    is_past: bool


async def read_report(call: Call) -> dict[str, Any]:
    """Which complaints: `from`, `until` (when they were made) and any filter that their list takes; `as_of` an
    instant."""
    asked = await _asked(call)
    scope = await call.scope_of(COMPLAINTS)
    bind = Binder()
    compiled = _compiled(asked, scope, bind)
    values = {
        "organisation": call.organisation, "at": asked.at, **bind.values, **scope.params(),
    }  # fmt: skip
    row = await call.db.pool.fetchrow(
        bound(compiled.sql), str(call.organisation), *compiled.args(values)
    )
    assert row is not None
    base = filters_of(condition for group in asked.query.groups for condition in group)
    counted = report_from(base=base, is_past=asked.is_past, **orjson.loads(row[0]))
    return {"as_of": asked.at, "filters": base, **counted}


def _compiled(asked: Asked, scope: Scope, bind: Binder) -> Compiled:
    """One statement, which is one snapshot. Today is the day of the instant."""
    conditions = selects.conditions_of(COMPLAINTS, asked.query, bind)
    found = select(TICKET.c.organisation_id, TICKET.c.id).where(*conditions)
    counted: ColumnElement[str] = literal_column(f"({_counted(asked.is_past)})").label("counted")
    if not asked.is_past:
        picked = past.now(COMPLAINTS, found, scope).cte("picked")
        return compile_after_binding(select(counted).add_cte(picked))
    compiled = compile_after_binding(select(counted).add_cte(*_then(scope), found.cte("picked")))
    day = asked.at.astimezone(UTC).date().isoformat()
    return replace(compiled, sql=compiled.sql.replace(str(TODAY), f"DATE '{day}'"))


def _then(scope: Scope) -> list[CTE]:
    """Everything that the report and its filters read."""
    return [
        *past.tickets_then(scope),
        past.as_then(LOOPS, past.HANGING), past.as_then(ACTIONS, past.HANGING),
        past.as_then(TASKS, past.HANGING), past.as_then(CAUSES, past.EVERY),
    ]  # fmt: skip


async def _asked(call: Call) -> Asked:
    fields = await complaint_fields(call)
    query, conditions, own = asked_for(
        call, COMPLAINTS, fields, period="created_at", own=("as_of",)
    )
    meant = replace(query, groups=as_groups(conditions), within=(IS_COMPLAINT,))
    at = past.moment_of(call, own)
    return Asked(await reads.prepared(call, meant), at or datetime.now(UTC), at is not None)

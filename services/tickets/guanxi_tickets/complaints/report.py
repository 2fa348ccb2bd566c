"""The report over complaints: what the caller sees of them, counted in one snapshot."""

from dataclasses import replace
from typing import Any, Final

import orjson
from sqlalchemy import select

from guanxi_shared import reads, selects
from guanxi_shared.calls import Call
from guanxi_shared.filters import Binder
from guanxi_shared.pages import ListQuery
from guanxi_shared.statements import compile_after_binding
from guanxi_shared.visibility import predicate
from guanxi_tickets.complaints.reading import complaint_fields
from guanxi_tickets.complaints.report_rules import report_from
from guanxi_tickets.complaints.resources import COMPLAINTS, IS_COMPLAINT
from guanxi_tickets.tickets.report_query import as_groups, asked_for, filters_of
from guanxi_tickets.tickets.resources import TICKET

MOST_REASONS: Final = 20
# One statement, which is one snapshot: `picked` are the complaints that are meant, `last` their last rounds.
COUNTED = """
WITH RECURSIVE unused AS (SELECT $1::text), picked AS MATERIALIZED ({picked}),
last AS MATERIALIZED (
  SELECT p.organisation_id, p.id AS ticket_id, r.number, r.started_at, r.steps, r.root_cause_id, r.lesson
  FROM picked p LEFT JOIN LATERAL (
    SELECT * FROM complaint_rounds r WHERE r.organisation_id = p.organisation_id AND r.ticket_id = p.id
    ORDER BY r.number DESC LIMIT 1) r ON true),
acted AS (
  SELECT a.ticket_id, count(*) AS open, count(*) FILTER (WHERE a.due_on < (now() AT TIME ZONE 'UTC')::date) AS overdue
  FROM picked p JOIN corrective_actions a ON a.organisation_id = p.organisation_id AND a.ticket_id = p.id
  WHERE a.status = 'open' AND a.deleted_at IS NULL GROUP BY a.ticket_id),
counts AS (
  SELECT (SELECT count(*) FROM picked) AS complaints, coalesce(sum(number), 0) AS rounds,
    count(*) FILTER (WHERE number >= 2) AS reopened, count(lesson) AS lessons,
    (SELECT coalesce(sum(open), 0) FROM acted) AS open_actions, (SELECT count(*) FROM acted) AS with_open,
    (SELECT coalesce(sum(overdue), 0) FROM acted) AS overdue_actions,
    (SELECT count(*) FROM acted WHERE overdue > 0) AS with_overdue
  FROM last),
ways AS (
  SELECT c.organisation_id, c.id, c.id AS at FROM root_causes c
  UNION SELECT w.organisation_id, w.id, c.merged_into_id FROM ways w
  JOIN root_causes c ON c.organisation_id = w.organisation_id AND c.id = w.at WHERE c.merged_into_id IS NOT NULL),
ends AS (
  SELECT w.id, c.id AS at, c.name FROM ways w
  JOIN root_causes c ON c.organisation_id = w.organisation_id AND c.id = w.at WHERE c.merged_into_id IS NULL),
causes AS (
  SELECT e.at AS id, e.name, count(*) AS n, (SELECT array_agg(same.id) FROM ends same WHERE same.at = e.at) AS ids
  FROM last l LEFT JOIN ends e ON e.id = l.root_cause_id GROUP BY e.at, e.name ORDER BY n DESC, e.name NULLS LAST, e.at),
said AS MATERIALIZED (
  SELECT s.key AS step, s.value->>'state' AS state, s.value->>'reason' AS reason,
    extract(epoch FROM (s.value->>'at')::timestamptz - l.started_at)::float8 AS seconds
  FROM last l, jsonb_each(l.steps) s),
steps AS (
  SELECT step, state, count(*) AS n, percentile_cont(0.25) WITHIN GROUP (ORDER BY seconds) AS lower_quartile,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
    percentile_cont(0.75) WITHIN GROUP (ORDER BY seconds) AS upper_quartile
  FROM said GROUP BY step, state),
ranked AS (
  SELECT step, reason, count(*) AS n, row_number() OVER (PARTITION BY step ORDER BY count(*) DESC, reason) AS place
  FROM said WHERE state = 'skipped' GROUP BY step, reason),
reasons AS (SELECT step, reason, n FROM ranked WHERE place <= {most_reasons} ORDER BY step, place)
SELECT jsonb_build_object(
  'counts', (SELECT to_jsonb(counts) FROM counts),
  'causes', (SELECT coalesce(jsonb_agg(to_jsonb(causes)), '[]') FROM causes),
  'steps', (SELECT coalesce(jsonb_agg(to_jsonb(steps)), '[]') FROM steps),
  'reasons', (SELECT coalesce(jsonb_agg(to_jsonb(reasons)), '[]') FROM reasons))::text
"""


async def read_report(call: Call) -> dict[str, Any]:
    """Which complaints: `from`, `until` (when they were made) and any filter that their list takes."""
    query = await _query(call)
    scope = await call.scope_of(COMPLAINTS)
    bind = Binder()
    conditions = selects.conditions_of(COMPLAINTS, query, bind)
    picked = compile_after_binding(
        select(TICKET.c.organisation_id, TICKET.c.id).where(
            selects.of_organisation(TICKET), TICKET.c.deleted_at.is_(None), predicate(TICKET, scope),
            *conditions,
        )
    )  # fmt: skip
    values = {"organisation": call.organisation, **bind.values, **scope.params()}
    sql = COUNTED.format(picked=picked.sql, most_reasons=MOST_REASONS)
    async with call.db.transaction(call.organisation) as connection:
        counted = orjson.loads(await connection.fetchval(sql, "", *picked.args(values)))
    base = filters_of(condition for group in query.groups for condition in group)
    return {"filters": base, **report_from(base=base, **counted)}


async def _query(call: Call) -> ListQuery:
    fields = await complaint_fields(call)
    query, conditions, _ = asked_for(call, COMPLAINTS, fields, period="created_at")
    meant = replace(query, groups=as_groups(conditions), within=(IS_COMPLAINT,))
    return await reads.prepared(call, meant)

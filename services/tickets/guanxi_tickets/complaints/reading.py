"""The loop of a ticket as whoever sees the ticket is shown it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.resources import Field
from guanxi_tickets.complaints.resources import COMPLAINTS
from guanxi_tickets.complaints.round_rules import STEPS
from guanxi_tickets.tickets.resources import TICKETS

# The ticket's own rounds, and those of tickets that went into it.
ROUNDS = """
WITH RECURSIVE merged AS (
  SELECT $2::uuid AS id
  UNION SELECT t.id FROM tickets t JOIN merged m ON t.organisation_id = $1 AND t.merged_into_id = m.id)
SELECT r.id::text, r.ticket_id::text, r.number, r.started_at, r.ended_at, r.steps::text, r.open_steps, r.done_steps,
  r.skipped_steps, r.left_open, r.root_cause_id::text, r.lesson, r.article_id::text, r.version, r.created_at, r.updated_at,
  c.name AS root_cause_name, r.ticket_id = $2 AND $3 AND r.number = max(r.number) OVER (PARTITION BY r.ticket_id) AS is_current
FROM complaint_rounds r
LEFT JOIN root_causes c ON c.organisation_id = $1 AND c.id = r.root_cause_id
WHERE r.organisation_id = $1 AND r.ticket_id IN (SELECT id FROM merged) ORDER BY r.started_at, r.number, r.id
"""
TASKS = """
SELECT round_id::text, id::text, ticket_id::text, ticket_number, title, body, asked_by::text, owner_id::text AS assignee_id,
  team_id::text, status, reason, result, due_at, warn_at, warned_at, breached_at, accepted_at, ended_at, version,
  created_at, updated_at
FROM coordination_tasks WHERE organisation_id = $1 AND round_id = ANY($2::uuid[]) AND deleted_at IS NULL ORDER BY created_at, id
"""
ACTIONS = """
SELECT round_id::text, id::text, ticket_id::text, body, responsible_id::text, due_on, status, done_at, done_by::text, effect,
  effect_note, checked_at, checked_by::text, version, created_at, updated_at
FROM corrective_actions WHERE organisation_id = $1 AND round_id = ANY($2::uuid[]) AND deleted_at IS NULL ORDER BY created_at, id
"""


async def complaint_fields(call: Call) -> Mapping[str, Field]:
    """Those of complaints, and the organisation's own ones of tickets."""
    return {**await reads.all_fields(call, TICKETS), **COMPLAINTS.fields}


async def read_loop(call: Call, ticket_id: UUID) -> list[dict[str, Any]]:
    ticket = await reads.find_record(call, TICKETS, ticket_id)
    is_complaint = ticket["kind"] == "complaint"
    async with call.db.transaction(call.organisation) as connection:
        asked = (call.organisation, ticket_id, is_complaint)
        rounds = [dict(row) for row in await connection.fetch(ROUNDS, *asked)]
        ids = [UUID(each["id"]) for each in rounds]
        hanging = {
            name: [dict(row) for row in await connection.fetch(sql, call.organisation, ids)]
            for name, sql in (("tasks", TASKS), ("actions", ACTIONS))
            if ids
        }
    return [_shown(each, hanging) for each in rounds]


def _shown(row: dict[str, Any], hanging: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """The steps in their order, which JSON in the database does not keep."""
    steps = orjson.loads(row["steps"])
    own = {
        name: [each for each in found if each["round_id"] == row["id"]]
        for name, found in hanging.items()
    }
    return {**row, "steps": {step: steps[step] for step in STEPS}, **own}

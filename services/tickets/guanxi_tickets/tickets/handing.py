"""Whoever sees a ticket sees what is said and told about it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred

FOLLOWING: Final[Mapping[str, str]] = {
    "ticket_comments": "ticket_id",
    "ticket_notes": "ticket_id",
    "ticket_promises": "ticket_id",
    "sla_alerts": "ticket_id",
    "ticket_merges": "survivor_id",
    "ticket_files": "ticket_id",
    "ticket_note_files": "ticket_id",
    "survey_invitations": "ticket_id",
    "survey_answers": "ticket_id",
}
# What stays with a ticket that was merged follows the one that it went into.
FOLLOWING_MERGED: Final[Mapping[str, str]] = {
    "complaint_rounds": "ticket_id",
    "corrective_actions": "ticket_id",
}
ASKED = """
WITH RECURSIVE asked AS (
  SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS a (id, owner_id, team_id)),
merged AS (
  SELECT id, owner_id, team_id FROM asked
  UNION SELECT t.id, m.owner_id, m.team_id FROM tickets t
  JOIN merged m ON t.organisation_id = $1 AND t.merged_into_id = m.id)
"""
SET = """
UPDATE {table} h SET owner_id = f.owner_id, team_id = f.team_id FROM {whose} f
WHERE h.organisation_id = $1 AND h.{column} = f.id RETURNING 1
"""
PARTS = [
    f"moved_{table} AS ({SET.format(table=table, column=column, whose=whose)})"
    for whose, tables in (("asked", FOLLOWING), ("merged", FOLLOWING_MERGED))
    for table, column in tables.items()
]
FOLLOW = f"{ASKED}, {', '.join(PARTS)} SELECT 1"


async def let_follow(connection: Connection | Deferred, row: Mapping[str, Any]) -> None:
    """What hangs on a ticket follows it to another assignee or team, all in one statement."""
    await let_all_follow(connection, [row])


async def let_all_follow(
    connection: Connection | Deferred, rows: Sequence[Mapping[str, Any]]
) -> None:
    """The same of tickets of one organisation, in one statement too."""
    if rows:
        parts = ([row[name] for row in rows] for name in ("id", "owner_id", "team_id"))
        await connection.execute(FOLLOW, rows[0]["organisation_id"], *parts)

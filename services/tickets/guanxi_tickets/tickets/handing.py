"""Whoever sees a ticket sees what is said and told about it."""

from collections.abc import Mapping
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
MERGED = """
WITH RECURSIVE merged AS (
  SELECT $2::uuid AS id
  UNION SELECT t.id FROM tickets t JOIN merged m ON t.organisation_id = $1 AND t.merged_into_id = m.id)
"""
SET = "UPDATE {table} SET owner_id = $3, team_id = $4 WHERE organisation_id = $1 AND {column} = $2 RETURNING 1"
PARTS = [
    f"moved_{table} AS ({SET.format(table=table, column=column)})"
    for table, column in FOLLOWING.items()
]
SET_MERGED = """
UPDATE {table} SET owner_id = $3, team_id = $4
WHERE organisation_id = $1 AND {column} IN (SELECT id FROM merged) RETURNING 1
"""
PARTS += [
    f"moved_{table} AS ({SET_MERGED.format(table=table, column=column)})"
    for table, column in FOLLOWING_MERGED.items()
]
FOLLOW = f"{MERGED}, {', '.join(PARTS)} SELECT 1"


async def let_follow(connection: Connection | Deferred, row: Mapping[str, Any]) -> None:
    """What hangs on a ticket follows it to another assignee or team, all in one statement."""
    asked = (row["organisation_id"], row["id"], row["owner_id"], row["team_id"])
    await connection.execute(FOLLOW, *asked)

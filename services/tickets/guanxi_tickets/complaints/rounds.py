"""Rounds begin and end with their ticket: under its lock, in its transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.identifiers import new_id
from guanxi_shared.many_records import insert_many
from guanxi_shared.record_statements import nulls_of
from guanxi_shared.records import Loaded
from guanxi_shared.visibility import EVERYTHING
from guanxi_tickets.complaints import round_rules
from guanxi_tickets.complaints.resources import LOOPS
from guanxi_tickets.ticket_settings.rules import ENDING

STARTED = "round_started"
LAST = """
SELECT id FROM complaint_rounds WHERE organisation_id = $1 AND ticket_id = $2 ORDER BY number DESC LIMIT 1
"""

# Of a ticket that was deleted meanwhile and came back, and of those that were merged into it.
RUN_AGAIN = """
WITH RECURSIVE within AS (
  SELECT $2::uuid AS id
  UNION SELECT t.id FROM within JOIN tickets t ON t.organisation_id = $1 AND t.merged_into_id = within.id)
UPDATE coordination_tasks SET next_at = CASE WHEN warned_at IS NULL AND warn_at IS NOT NULL THEN warn_at ELSE due_at END
WHERE organisation_id = $1 AND ticket_id IN (SELECT id FROM within)
  AND status IN ('open', 'accepted') AND breached_at IS NULL
"""
WENT_INTO = """
WITH RECURSIVE way AS (
  SELECT id, merged_into_id FROM tickets WHERE organisation_id = $1 AND id = $2
  UNION SELECT t.id, t.merged_into_id FROM way JOIN tickets t ON t.organisation_id = $1 AND t.id = way.merged_into_id)
SELECT 1 FROM way WHERE id = $3
"""


async def last_round(
    connection: Connection | Deferred, organisation: UUID, ticket_id: UUID
) -> Loaded | None:
    """The one that is worked, held; None of a ticket that never was a complaint."""
    found = await connection.fetchval(LAST, organisation, ticket_id)
    if found is None:
        return None
    return await records.load_record(connection, LOOPS, found, scope=EVERYTHING)


async def begin_with_ticket(
    connection: Connection | Deferred, row: Mapping[str, Any], *, need: str, actor: Actor
) -> None:
    """Of a ticket that was made just now, perhaps solved already."""
    if row["kind"] == "complaint":
        await _begin(connection, row, 1, row["created_at"], need, actor)


async def begin_with_tickets(
    connection: Connection, rows: Sequence[Mapping[str, Any]], *, need: str, actor: Actor
) -> None:
    """The same of many, in as many statements as for one."""
    begun = [
        {**nulls_of(LOOPS.table), "version": 1, **_columns(row, 1, row["created_at"], need)}
        for row in rows
        if row["kind"] == "complaint"
    ]
    if begun:
        await insert_many(connection, LOOPS, begun, actor=actor, verb_of=lambda row: STARTED)


async def let_rounds_follow(
    connection: Connection | Deferred, row: Mapping[str, Any], *, need: str, now: datetime, actor: Actor
) -> None:  # fmt: skip
    """`row`: a ticket that became a complaint, was solved or was reopened. LoopIncomplete where it may not
    be solved so."""
    if row["kind"] != "complaint":
        return
    last = await last_round(connection, row["organisation_id"], row["id"])
    is_over = row["status_kind"] in ENDING
    if last is None or round_rules.begins(last.row, is_over=is_over):
        number = last.row["number"] + 1 if last else 1
        await _begin(connection, row, number, now, need, actor)
    elif is_over and last.row["ended_at"] is None:
        left_open = last.row["open_steps"]
        round_rules.demand_loop(left_open, need)
        changes = {"ended_at": now, "left_open": left_open}
        verb = "round_left_open" if left_open and need == "warn" else "round_ended"
        await records.update_record(
            connection, LOOPS, last, changes, actor=actor, verb=verb, at=now
        )


async def _begin(
    connection: Connection | Deferred, row: Mapping[str, Any], number: int, now: datetime, need: str,
    actor: Actor,
) -> None:  # fmt: skip
    columns = _columns(row, number, now, need)
    await records.insert_record(connection, LOOPS, columns, actor=actor, verb=STARTED)


def _columns(row: Mapping[str, Any], number: int, now: datetime, need: str) -> dict[str, Any]:
    steps = round_rules.untouched()
    columns = {
        "organisation_id": row["organisation_id"], "id": new_id(), "ticket_id": row["id"],
        "number": number, "started_at": now, "left_open": [],
        "owner_id": row["owner_id"], "team_id": row.get("team_id"),
        "created_at": now, "updated_at": now, **round_rules.columns_of(steps),
    }  # fmt: skip
    if row["status_kind"] in ENDING:
        round_rules.demand_loop(columns["open_steps"], need)
        columns |= {"ended_at": now, "left_open": columns["open_steps"]}
    return columns


async def let_tasks_run(
    connection: Connection | Deferred, organisation: UUID, ticket_id: UUID
) -> None:
    """The tasks of a ticket that was deleted, and is there again."""
    await connection.execute(RUN_AGAIN, organisation, ticket_id)


async def belongs(
    connection: Connection, organisation: UUID, own_ticket_id: UUID, ticket_id: UUID
) -> bool:
    """Whether what hangs on one ticket is shown with the other: the same, or its survivor."""
    if own_ticket_id == ticket_id:
        return True
    found = await connection.fetchval(WENT_INTO, organisation, own_ticket_id, ticket_id)
    return found is not None

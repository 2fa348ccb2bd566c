"""Warnings and breaches of tasks: each told once, to the department and to those who work the complaint."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from guanxi_shared.errors import NotFound
from guanxi_shared.schedules import schedule
from guanxi_shared.visibility import EVERYTHING
from guanxi_tickets.coordination_tasks.resources import TASKS
from guanxi_tickets.coordination_tasks.service import tell_round
from guanxi_tickets.coordination_tasks.task_rules import happened
from guanxi_tickets.timers import Timed, look_at_due

DUE = "SELECT organisation_id, id FROM due_coordination_tasks($1)"
LATER = "UPDATE coordination_tasks SET next_at = now() + $3 WHERE organisation_id = $1 AND id = $2"
NO_MORE = "UPDATE coordination_tasks SET next_at = NULL WHERE organisation_id = $1 AND id = $2"
# Of one that was merged, its survivor.
IS_GONE = """
WITH RECURSIVE way AS (
  SELECT id, merged_into_id, deleted_at FROM tickets WHERE organisation_id = $1 AND id = $2
  UNION SELECT t.id, t.merged_into_id, t.deleted_at FROM way
  JOIN tickets t ON t.organisation_id = $1 AND t.id = way.merged_into_id)
SELECT deleted_at IS NOT NULL FROM way WHERE merged_into_id IS NULL
"""
ACTOR: Final = Actor(id=None, kind="service", channel="sla")


@schedule("* * * * * */5", name="give-task-alerts")
async def give_task_alerts(database: Database) -> None:
    await look_at_due(database, Timed("coordination task", DUE, LATER, look_at))


async def look_at(database: Database, organisation: UUID, task_id: UUID) -> bool:
    """Whether there was still something to look at. Of a deleted ticket nothing is told."""
    async with database.transaction(organisation) as connection:
        try:
            task = await records.load_record(connection, TASKS, task_id, scope=EVERYTHING)
        except NotFound:
            await connection.execute(NO_MORE, organisation, task_id)
            return False
        now = datetime.now(UTC)
        if task.row["next_at"] is None or task.row["next_at"] > now:
            return False
        if await connection.fetchval(IS_GONE, organisation, task.row["ticket_id"]):
            await connection.execute(NO_MORE, organisation, task_id)
            return True
        for verb, columns in happened(task.row, now):
            state = await records.update_record(
                connection, TASKS, task, columns, actor=ACTOR, verb=verb, at=now
            )
            await tell_round(connection, state, verb, ACTOR)
        return True

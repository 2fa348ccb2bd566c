"""What is kept of an agent goes when the user does, and what queues did with tickets when it is old."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from guanxi_shared.rounds import go_round
from guanxi_shared.schedules import schedule
from guanxi_shared.visibility import EVERYTHING
from guanxi_tickets.agents.resources import AGENTS
from guanxi_tickets.assignments.trimming import trim_assignments

GONE = """
SELECT a.id FROM agents a WHERE a.organisation_id = $1 AND a.deleted_at IS NULL AND NOT EXISTS (
  SELECT 1 FROM directory_users u WHERE u.organisation_id = $1 AND u.id = a.owner_id AND u.active)
ORDER BY a.id
"""
BLANK: Final[Mapping[str, Any]] = {
    "skills": [], "languages": [], "load_limit": None, "shifts": None, "shift_ends_at": None,
    "is_available": False,
}  # fmt: skip
ACTOR: Final = Actor(id=None, kind="service", channel="queues")


@schedule("27 3 * * *", name="forget-agents")
async def forget_agents(database: Database) -> None:
    await go_round(database, partial(forget_of, database), what="forgetting agents")


async def forget_of(database: Database, organisation: UUID) -> None:
    """Those who are not here any more: their records are put away, with nothing left in them."""
    async with database.transaction(organisation) as connection:
        for row in await connection.fetch(GONE, organisation):
            agent = await records.load_record(connection, AGENTS, row["id"], scope=EVERYTHING)
            await records.delete_record(connection, AGENTS, agent, actor=ACTOR, more=BLANK)
        await trim_assignments(connection, organisation)

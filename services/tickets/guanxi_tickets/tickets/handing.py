"""Whoever sees a ticket sees what is said and told about it."""

from collections.abc import Mapping
from typing import Any, Final

from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred

FOLLOWING: Final = ("ticket_comments", "ticket_notes", "ticket_promises", "sla_alerts")
FOLLOW = """
UPDATE {table} SET owner_id = $3, team_id = $4 WHERE organisation_id = $1 AND ticket_id = $2
"""


async def let_follow(connection: Connection | Deferred, row: Mapping[str, Any]) -> None:
    """What hangs on a ticket follows it to another assignee or team."""
    asked = (row["organisation_id"], row["id"], row["owner_id"], row["team_id"])
    for table in FOLLOWING:
        await connection.execute(FOLLOW.format(table=table), *asked)

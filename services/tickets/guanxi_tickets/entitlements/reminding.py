"""That an entitlement comes to its end: told once, so many days before as it says."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from guanxi_shared.errors import NotFound
from guanxi_shared.schedules import schedule
from guanxi_shared.visibility import EVERYTHING
from guanxi_tickets.entitlements.resources import ENTITLEMENTS
from guanxi_tickets.timers import Timed, look_at_due

DUE = "SELECT organisation_id, id FROM due_entitlements($1)"
LATER = "UPDATE entitlements SET next_at = now() + $3 WHERE organisation_id = $1 AND id = $2"
NO_MORE = "UPDATE entitlements SET next_at = NULL WHERE organisation_id = $1 AND id = $2"
ACTOR: Final = Actor(id=None, kind="service", channel="reminder")


@schedule("*/5 * * * *", name="remind-of-entitlements")
async def remind_of_entitlements(database: Database) -> None:
    await look_at_due(database, Timed("entitlement", DUE, LATER, look_at))


async def look_at(database: Database, organisation: UUID, entitlement_id: UUID) -> bool:
    """Whether there was still something to look at."""
    async with database.transaction(organisation) as connection:
        try:
            loaded = await records.load_record(
                connection, ENTITLEMENTS, entitlement_id, scope=EVERYTHING
            )
        except NotFound:
            await connection.execute(NO_MORE, organisation, entitlement_id)
            return False
        now = datetime.now(UTC)
        if loaded.row["next_at"] is None or loaded.row["next_at"] > now:
            return False
        changes = {"reminded_at": now, "next_at": None}
        await records.update_record(
            connection, ENTITLEMENTS, loaded, changes, actor=ACTOR, verb="ending", at=now
        )
        return True

"""Reminders: an event when one falls due, exactly once, whatever dies and however many work.

What was given is written in the transaction of its event, under the row's lock: whoever comes
second finds it written. A reminder is put off by moving `reminder_at`.
"""

from datetime import UTC, datetime
from uuid import UUID

from guanxi_contacts.activities import rules
from guanxi_contacts.activities.resources import ACTIVITIES
from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from guanxi_shared.errors import NotFound
from guanxi_shared.schedules import schedule
from guanxi_shared.visibility import EVERYTHING

DUE = "SELECT organisation_id, id FROM due_reminders($1)"
AT_ONCE = 200
ACTOR = Actor(id=None, kind="service", channel="reminders")


@schedule("* * * * * */10", name="give-reminders")
async def give_reminders(database: Database) -> None:
    """All that are due; those that another worker gave meanwhile are not given again."""
    while True:
        async with database.transaction(None) as connection:
            due = await connection.fetch(DUE, AT_ONCE)
        given = [await give_reminder(database, row["organisation_id"], row["id"]) for row in due]
        if not any(given):
            return


async def give_reminder(database: Database, organisation_id: UUID, activity_id: UUID) -> bool:
    """Whether it was still to be given."""
    async with database.transaction(organisation_id) as connection:
        try:
            loaded = await records.load_record(
                connection, ACTIVITIES, activity_id, scope=EVERYTHING
            )
        except NotFound:  # deleted meanwhile
            return False
        now = datetime.now(UTC)
        if not rules.is_reminder_due(loaded.row, now):
            return False
        changes = rules.reminded(loaded.row, now)
        await records.update_record(
            connection, ACTIVITIES, loaded, changes, actor=ACTOR, verb="reminded"
        )
        return True

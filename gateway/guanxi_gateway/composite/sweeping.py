"""Outcomes of composites are kept for a day, and less when somebody is erased."""

from typing import Any
from uuid import UUID

from guanxi_gateway.composite import journal
from guanxi_shared.db import Connection, Database
from guanxi_shared.schedules import schedule


@schedule("17 * * * *", name="forget-composites")
async def forget_composites(database: Database) -> None:
    async with database.transaction(None) as connection:
        await connection.execute(journal.FORGET)


async def erase_from_composites(
    connection: Connection, organisation_id: UUID, subject: Any
) -> None:
    """Answers that tell of the erased record are emptied; a repeat is then 410."""
    await connection.execute(journal.BLANK, organisation_id, str(subject))

"""References that were taken on trust, or overtaken by a merge or an erasure: set right once a minute."""

from functools import partial
from pathlib import Path
from uuid import UUID

from guanxi_shared.db import Database
from guanxi_shared.following import settle_overtaken, settle_trusted
from guanxi_shared.rounds import go_round
from guanxi_shared.schedules import schedule
from guanxi_tickets.entitlements.resources import ENTITLEMENTS
from guanxi_tickets.privacy.service import erase_what_came_late
from guanxi_tickets.references.following import FOLLOWED, follow_name
from guanxi_tickets.settings import settings
from guanxi_tickets.tickets.resources import TICKETS


@schedule("* * * * *", name="settle-references")
async def settle_references(database: Database) -> None:
    await go_round(database, partial(settle_organisation, database), what="settling references")
    late = partial(reach_late, database, settings().files_dir)
    await go_round(database, late, what="erasing what came late")


async def settle_organisation(database: Database, organisation: UUID) -> None:
    async with database.transaction(organisation) as connection:
        await settle_overtaken(connection, organisation, FOLLOWED, renamed=follow_name)
        for resource in (TICKETS, ENTITLEMENTS):
            await settle_trusted(connection, organisation, resource, "account")


async def reach_late(database: Database, files_dir: Path, organisation: UUID) -> None:
    async with database.transaction(organisation) as connection:
        await erase_what_came_late(connection, organisation, files_dir)

"""References that were taken on trust, or overtaken by a merge: set right once a minute."""

from functools import partial
from uuid import UUID

from guanxi_shared.db import Database
from guanxi_shared.following import ACTOR, settle_overtaken
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.rounds import go_round
from guanxi_shared.schedules import schedule
from guanxi_tickets.references.following import FOLLOWED, follow_name
from guanxi_tickets.tickets.resources import TICKETS

VERIFIED = """
SELECT t.id FROM tickets t JOIN known_accounts k ON k.organisation_id = t.organisation_id AND k.id = t.account_id
WHERE t.organisation_id = $1 AND NOT t.is_account_verified AND t.deleted_at IS NULL ORDER BY t.id LIMIT 500
"""


@schedule("* * * * *", name="settle-references")
async def settle_references(database: Database) -> None:
    await go_round(database, partial(settle_organisation, database), what="settling references")


async def settle_organisation(database: Database, organisation: UUID) -> None:
    """What the copy knows by now is no longer taken on trust."""
    async with database.transaction(organisation) as connection:
        await settle_overtaken(connection, organisation, FOLLOWED, renamed=follow_name)
        ids = [row["id"] for row in await connection.fetch(VERIFIED, organisation)]
        loaded = await load_many(connection, TICKETS, ids)
        changes = [Change(record, {"is_account_verified": True}) for record in loaded.values()]
        await write_many(connection, TICKETS, changes, actor=ACTOR)

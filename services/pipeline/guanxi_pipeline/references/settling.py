"""References that were taken on trust, or overtaken by a merge: set right once a minute.

An opportunity may be written between a merge and the moment that the feed tells of it here. And what was
written while contacts was away is verified as soon as the copy knows the account.
"""

from functools import partial
from typing import Final
from uuid import UUID

from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.orders.resources import ORDERS
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.references.followed import FOLLOWED
from guanxi_pipeline.references.following import follow_name, renamed
from guanxi_pipeline.stock.resources import STOCK_REPORTS
from guanxi_shared.db import Connection, Database
from guanxi_shared.following import ACTOR, settle_overtaken
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.resources import Resource
from guanxi_shared.rounds import go_round
from guanxi_shared.schedules import schedule

TRUSTED: Final = (OPPORTUNITIES, QUOTES, ORDERS, STOCK_REPORTS)

VERIFIED = """
SELECT o.id FROM {table} o JOIN known_accounts k ON k.organisation_id = o.organisation_id AND k.id = o.account_id
WHERE o.organisation_id = $1 AND NOT o.is_account_verified AND o.deleted_at IS NULL ORDER BY o.id LIMIT 500
"""


@schedule("* * * * *", name="settle-references")
async def settle_references(database: Database) -> None:
    await go_round(database, partial(settle_organisation, database), what="settling references")


async def settle_organisation(database: Database, organisation: UUID) -> None:
    async with database.transaction(organisation) as connection:
        await settle_overtaken(connection, organisation, FOLLOWED, renamed=renamed)
        for resource in TRUSTED:
            await _verify(connection, organisation, resource)


async def _verify(connection: Connection, organisation: UUID, resource: Resource) -> None:
    """What the copy knows by now is no longer taken on trust."""
    sql = VERIFIED.format(table=resource.table.name)
    ids = [row["id"] for row in await connection.fetch(sql, organisation)]
    loaded = await load_many(connection, resource, ids)
    changes = [Change(record, {"is_account_verified": True}) for record in loaded.values()]
    await write_many(connection, resource, changes, actor=ACTOR)
    for account_id in {record.row["account_id"] for record in loaded.values()}:
        await follow_name(connection, organisation, account_id)  # it was not known when they came

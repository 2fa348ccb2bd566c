"""References that were taken on trust, or overtaken by a merge: set right once a minute.

An opportunity may be written between a merge and the moment that the feed tells of it here. And what was
written while contacts was away is verified as soon as the copy knows the account.
"""

from functools import partial
from typing import Final
from uuid import UUID

from guanxi_pipeline.invoices.resources import INVOICES
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.orders.resources import ORDERS
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.references.followed import FOLLOWED
from guanxi_pipeline.references.following import follow_name, renamed
from guanxi_pipeline.stock.resources import STOCK_REPORTS
from guanxi_shared.db import Database
from guanxi_shared.following import settle_overtaken, settle_trusted
from guanxi_shared.rounds import go_round
from guanxi_shared.schedules import schedule

TRUSTED: Final = (OPPORTUNITIES, QUOTES, ORDERS, STOCK_REPORTS, INVOICES)


@schedule("* * * * *", name="settle-references")
async def settle_references(database: Database) -> None:
    await go_round(database, partial(settle_organisation, database), what="settling references")


async def settle_organisation(database: Database, organisation: UUID) -> None:
    async with database.transaction(organisation) as connection:
        await settle_overtaken(connection, organisation, FOLLOWED, renamed=renamed)
        for resource in TRUSTED:
            known = await settle_trusted(connection, organisation, resource, "account")
            for account_id in known:  # it was not known when they came
                await follow_name(connection, organisation, account_id)

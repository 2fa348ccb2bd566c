"""Offers that run out: told once, whichever worker comes by."""

from functools import partial
from uuid import UUID

from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.rounds import go_round
from guanxi_shared.schedules import schedule

ACTOR = Actor(id=None, kind="service", channel="expiry")
AT_ONCE = 500
# Over with its last day, in the organisation's time zone. What another worker has in hand is left to it.
OVER = """
SELECT id FROM quotes WHERE organisation_id = $1 AND status = 'sent' AND deleted_at IS NULL
  AND valid_until < (SELECT (now() AT TIME ZONE time_zone)::date FROM directory_state WHERE organisation_id = $1)
ORDER BY id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
"""


@schedule("*/5 * * * *", name="expire-quotes")
async def expire_quotes(database: Database) -> None:
    await go_round(database, partial(expire_all, database), what="expiring quotes")


async def expire_all(database: Database, organisation: UUID) -> None:
    while await expire_some(database, organisation) == AT_ONCE:
        continue


async def expire_some(database: Database, organisation: UUID) -> int:
    """Some of an organisation's in one transaction; how many."""
    async with database.transaction(organisation) as connection:
        rows = await connection.fetch(OVER, organisation, AT_ONCE)
        loaded = await load_many(connection, QUOTES, [row["id"] for row in rows])
        changes = [
            Change(record, {"status": "expired"}, verb="expired") for record in loaded.values()
        ]
        return await write_many(connection, QUOTES, changes, actor=ACTOR)

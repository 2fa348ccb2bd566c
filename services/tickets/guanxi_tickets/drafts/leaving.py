"""Where drafts go when their ticket or their author does."""

from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

from guanxi_shared.db import Connection, Database
from guanxi_shared.rounds import go_round
from guanxi_shared.schedules import schedule

KEPT: Final = "90 days"
OF_TICKET = "DELETE FROM ticket_drafts WHERE organisation_id = $1 AND ticket_id = $2"
# One an author; who has begun something on the survivor keeps that.
TO_SURVIVOR = """
UPDATE ticket_drafts SET ticket_id = $2 WHERE (organisation_id, ticket_id, author_id) IN (
  SELECT DISTINCT ON (d.author_id) d.organisation_id, d.ticket_id, d.author_id FROM ticket_drafts d
  WHERE d.organisation_id = $1 AND d.ticket_id = ANY($3::uuid[]) AND NOT EXISTS (
    SELECT 1 FROM ticket_drafts o
    WHERE o.organisation_id = $1 AND o.ticket_id = $2 AND o.author_id = d.author_id)
  ORDER BY d.author_id, d.updated_at DESC)
"""
FORGOTTEN = f"""
DELETE FROM ticket_drafts d WHERE d.organisation_id = $1 AND (
  d.updated_at < clock_timestamp() - interval '{KEPT}' OR NOT EXISTS (
    SELECT 1 FROM directory_users u WHERE u.organisation_id = $1 AND u.id = d.author_id AND u.active))
"""


async def drop_drafts(connection: Connection, organisation: UUID, ticket_id: UUID) -> None:
    """What was begun on a ticket that is deleted does not come back with it."""
    await connection.execute(OF_TICKET, organisation, ticket_id)


async def bring_drafts(
    connection: Connection, organisation: UUID, survivor: UUID, sources: Sequence[UUID]
) -> None:
    """What was begun on merged tickets is gone on with on the survivor, and stays there."""
    await connection.execute(TO_SURVIVOR, organisation, survivor, list(sources))


@schedule("17 3 * * *", name="forget-drafts")
async def forget_drafts(database: Database) -> None:
    await go_round(database, partial(forget_of, database), what="forgetting drafts")


async def forget_of(database: Database, organisation: UUID) -> None:
    """Those of people who are not here any more, and those that nobody has touched for long."""
    async with database.transaction(organisation) as connection:
        await connection.execute(FORGOTTEN, organisation)

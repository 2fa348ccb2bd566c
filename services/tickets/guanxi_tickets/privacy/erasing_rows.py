"""How a person is erased from what is in no log: drafts, links, what merges keep, reading, bookings."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from guanxi_tickets.privacy.erasing import Erasing

DRAFTS: Final = (
    "DELETE FROM ticket_drafts WHERE organisation_id = $1 AND ticket_id = ANY($2::uuid[])"
)
LINKS: Final = """
DELETE FROM portal_links WHERE organisation_id = $1
  AND (ticket_id = ANY($2::uuid[]) OR requester_id = ANY($3::uuid[]))
"""
# Undone, a merge gives back no tags; everything else that it keeps are places.
MERGES: Final = """
UPDATE ticket_merges SET before = before - 'tags', after = after - 'tags'
WHERE organisation_id = $1 AND (survivor_id = ANY($2::uuid[]) OR source_ids && $2::uuid[])
  AND (before ? 'tags' OR after ? 'tags')
"""
# That somebody read it, and whether it helped, still counts; who that was, nobody knows any more.
VIEWS: Final = """
UPDATE article_views SET reader_id = gen_random_uuid()
WHERE organisation_id = $1 AND reader_id = ANY($2::uuid[])
"""
FEEDBACK: Final = """
UPDATE article_feedback SET reader_id = gen_random_uuid(), comment = NULL
WHERE organisation_id = $1 AND reader_id = ANY($2::uuid[])
"""
BOOKINGS: Final = """
UPDATE entitlement_bookings SET note = NULL
WHERE organisation_id = $1 AND ticket_id = ANY($2::uuid[]) AND note IS NOT NULL
"""


async def erase_drafts(erasing: Erasing) -> dict[str, int]:
    return await _done(erasing, "ticket_drafts", DRAFTS, erasing.person_ids)


async def erase_links(erasing: Erasing) -> dict[str, int]:
    return await _done(erasing, "portal_links", LINKS, erasing.person_ids, erasing.known_ids)


async def erase_merges(erasing: Erasing) -> dict[str, int]:
    return await _done(erasing, "ticket_merges", MERGES, erasing.person_ids)


async def erase_views(erasing: Erasing) -> dict[str, int]:
    return await _done(erasing, "article_views", VIEWS, erasing.known_ids)


async def erase_feedback(erasing: Erasing) -> dict[str, int]:
    return await _done(erasing, "article_feedback", FEEDBACK, erasing.known_ids)


async def erase_bookings(erasing: Erasing) -> dict[str, int]:
    return await _done(erasing, "entitlement_bookings", BOOKINGS, erasing.person_ids)


async def _done(erasing: Erasing, table: str, sql: str, *ids: Sequence[UUID]) -> dict[str, int]:
    asked = [list(each) for each in ids]
    done = await erasing.connection.execute(sql, erasing.organisation, *asked)
    return {table: int(done.rpartition(" ")[2])}

"""The look at segments: which accounts are in them now, whoever asks; what differs from what was told is told.

Each segment is a transaction of its own under its lock, so that whatever kills a look leaves it as it was told before. One
that somebody else looks at or changes is passed by, and its turn comes with the next round. Frozen segments tell
their members themselves; the look finds them as they are, or mends them.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from guanxi_contacts.resources import ACCOUNTS
from guanxi_contacts.segments.meaning import Build, meaning_of
from guanxi_contacts.segments.telling import nobody, tell_segment
from guanxi_contacts.settings import settings
from guanxi_shared import logs
from guanxi_shared.calls import Actor
from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.db import Database
from guanxi_shared.errors import Malformed
from guanxi_shared.filters import Clock
from guanxi_shared.kept_filters import BrokenFilter, Errand
from guanxi_shared.rounds import go_round
from guanxi_shared.schedules import schedule

LOOKER: Final = Actor(id=None, kind="system", channel="segments")
ZONE: Final = "SELECT time_zone FROM directory_state WHERE organisation_id = $2"
# New and changed ones at once, the others when their time has come.
DUE: Final = """
SELECT id FROM segments WHERE organisation_id = $2 AND resource = 'accounts' AND deleted_at IS NULL
  AND (looked_at IS NULL OR looked_at < $3 OR updated_at > looked_at) ORDER BY looked_at NULLS FIRST, id
"""
HOLD: Final = """
SELECT id, name, kind, document::text FROM segments
WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE SKIP LOCKED
"""
LOOKED: Final = (
    "UPDATE segments SET looked_at = $3, not_told = $4 WHERE organisation_id = $1 AND id = $2"
)


@schedule("* * * * *", name="look-at-segments")
async def look_at_segments(database: Database) -> None:
    every = timedelta(minutes=settings().segment_look_minutes)

    async def look(organisation: UUID) -> None:
        await look_at_organisation(database, organisation, now=datetime.now(UTC), every=every)

    await go_round(database, look, what="look at segments")


async def look_at_organisation(
    database: Database, organisation: UUID, *, now: datetime, every: timedelta
) -> int:
    """Its segments that are due; how many accounts came in or left. One that fails holds up no other."""
    logs.organisation_id.set(str(organisation))
    zones = await database.lookup(organisation, ZONE, organisation)
    clock = Clock(now, ZoneInfo(zones[0]["time_zone"] if zones else "UTC"))
    errand = Errand(database, organisation, clock, CustomFields(database))
    told, failed = 0, list[Exception]()
    for row in await database.lookup(organisation, DUE, organisation, now - every):
        try:
            told += await look_at(errand, row["id"])
        except Exception as error:
            _log.error("segment not looked at", segment_id=str(row["id"]), exc_info=error)
            failed.append(error)
    if failed:
        raise failed[0]
    return told


async def look_at(errand: Errand, segment_id: UUID) -> int:
    organisation = errand.organisation
    async with errand.db.transaction(organisation) as connection:
        row = await connection.fetchrow(HOLD, organisation, segment_id)
        if row is None:
            return 0
        build, problem = await _meant(errand, row)
        told = await tell_segment(connection, organisation, segment_id, build, actor=LOOKER)
        await connection.execute(LOOKED, organisation, segment_id, errand.clock.now, problem)
    return told


async def _meant(errand: Errand, row: asyncpg.Record) -> tuple[Build, str | None]:
    """What a segment means to nobody in particular. What can be understood of a person's question alone is not told,
    nor what means nothing any more."""
    try:
        return (await meaning_of(errand, ACCOUNTS, row)).build, None
    except (BrokenFilter, Malformed) as problem:
        return nobody, problem.detail


_log = logs.logger("segments")

"""Cursors of phones, kept: a number that stands for a position in every service's feed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_gateway.sync.rules import LARGEST
from guanxi_shared.db import Database

KEPT_DAYS: Final = 90
KEPT_OF_A_DEVICE: Final = 5
KEPT_OF_NOBODYS: Final = 20  # devices that do not say who they are share them
AHEAD: Final = 86_400 * 1_000_000  # no cursor of ours lies further ahead of the clock

# One row always: the profile, and the cursor if it is there, this user's and not too old.
FIND: Final = """
SELECT c.standings::text AS standings, c.again::text AS again, p.records, p.activity_days,
  EXISTS (SELECT FROM sync_deletions AS d WHERE d.organisation_id = $2 AND d.user_id = $3) AS has_deletions
FROM (SELECT 1) AS one
LEFT JOIN sync_cursors AS c ON c.organisation_id = $2 AND c.id = $4 AND c.user_id = $3
  AND c.at > now() - make_interval(days => $5)
LEFT JOIN sync_profiles AS p ON p.organisation_id = $2 AND p.user_id = $3
"""
# Never below the one before, and microseconds of a clock, so that a restored database goes on above what
# it has forgotten. Two at one microsecond take two numbers.
KEEP: Final = f"""
INSERT INTO sync_cursors (organisation_id, id, user_id, device_id, standings)
SELECT $1, n.id, $2, $3, $4::jsonb FROM (
  SELECT greatest(floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
    CASE WHEN $5::bigint < floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint + {AHEAD} THEN $5 + 1 ELSE 0 END
  ) AS id) AS n
ON CONFLICT DO NOTHING RETURNING id
"""
PRUNE: Final = """
DELETE FROM sync_cursors WHERE organisation_id = $1 AND user_id = $2 AND id <> $4 AND (
  at < now() - make_interval(days => $6) OR id IN (
    SELECT id FROM sync_cursors WHERE organisation_id = $1 AND user_id = $2
      AND device_id IS NOT DISTINCT FROM $3 ORDER BY id DESC OFFSET $5))
"""
MOVE: Final = """
UPDATE sync_cursors SET standings = $4::jsonb, at = clock_timestamp()
WHERE organisation_id = $1 AND user_id = $2 AND id = $3 RETURNING id
"""
TELL_AGAIN: Final = """
UPDATE sync_cursors SET again = $4::jsonb WHERE organisation_id = $1 AND user_id = $2 AND id = $3
"""


@dataclass(frozen=True, slots=True)
class Found:
    """`standings` is None for a cursor that is unknown, another's or too old; `has_deletions`: a push of this
    user that deletes is under way, or ended in the middle."""

    standings: Mapping[str, Any] | None
    again: Mapping[str, list[str]] = field(default_factory=dict)
    records: str = "all"
    activity_days: int | None = None
    has_deletions: bool = False


async def find(db: Database, organisation: UUID, user: UUID, cursor: int | None) -> Found:
    asked = -1 if cursor is None else cursor
    row = await db.fetchrow(organisation, FIND, organisation, user, asked, KEPT_DAYS)
    assert row is not None
    return Found(
        orjson.loads(row["standings"]) if row["standings"] else None,
        orjson.loads(row["again"]) if row["again"] else {},
        row["records"] or "all",
        row["activity_days"],
        row["has_deletions"],
    )


async def keep(
    db: Database, organisation: UUID, user: UUID, device: str | None,
    standings: Mapping[str, Any], *, after: int | None,
) -> int:  # fmt: skip
    """A new cursor above the one before; the last few of a device stay, and the one it came with."""
    text = orjson.dumps(dict(standings)).decode()
    most = KEPT_OF_A_DEVICE if device is not None else KEPT_OF_NOBODYS
    async with db.transaction(organisation) as connection:
        found: int | None = None
        floor = after or 0
        while found is None:
            found = await connection.fetchval(KEEP, organisation, user, device, text, floor)
            floor += 1
        await connection.execute(PRUNE, organisation, user, device, after or 0, most, KEPT_DAYS)
    if found >= LARGEST:  # not before the year 2255
        raise OverflowError("cursors have outgrown what a phone can count to")
    return found


async def move(
    db: Database, organisation: UUID, user: UUID, cursor: int, standings: Mapping[str, Any]
) -> bool:
    """Nothing changed for the phone: its cursor stays what it is and stands further on."""
    text = orjson.dumps(dict(standings)).decode()
    async with db.transaction(organisation) as connection:
        moved = await connection.fetchval(MOVE, organisation, user, cursor, text)
    return moved is not None


async def tell_again(
    db: Database, organisation: UUID, user: UUID, cursor: int, ids: Mapping[str, Any]
) -> None:
    """What a push ran into is told with the next pull, whether it changed since or before."""
    async with db.transaction(organisation) as connection:
        await connection.execute(
            TELL_AGAIN, organisation, user, cursor, orjson.dumps(dict(ids)).decode()
        )

"""A service's change feed, open: its head, and what peers read of it."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from guanxi_shared.db import Kept, keep
from guanxi_shared.errors import Unavailable
from guanxi_shared.feed.bell import Bell
from guanxi_shared.feed.cursor import Cursor, Gone
from guanxi_shared.feed.numbering import Numbering
from guanxi_shared.feed.patterns import matches_type
from guanxi_shared.feed.recent import RecentEvents

# A reader who waits lets commits gather for so long: giving one event its position costs 280 µs of
# Postgres' time, giving a hundred theirs 17 µs each. The first after a quiet while does not wait.
GATHER_SECONDS = 0.05
# Peers keep copies and ring bells, which nobody looks at so closely: reading and applying a batch costs each
# of them some milliseconds, whatever is in it.
GATHER_FOR_PEERS_SECONDS = 0.25
# Its statements are few and always alike: over the log's partitions a plan anew takes four times a small read.
SETTINGS: Final = {"timezone": "UTC", "jit": "off", "plan_cache_mode": "force_generic_plan"}
MOST_LOOKED_AT = 50_000  # for nothing that was asked for, before a peer is told how far it has come


class Feed:
    def __init__(self, url: str, *, schema: str) -> None:
        self._url = url
        self._open_pool: asyncpg.Pool | None = None
        self._numbering = Numbering(lambda: self.pool)
        self.bell = Bell(url, schema, lambda: self.pool, self._reached)
        self.recent = RecentEvents()

    @property
    def pool(self) -> asyncpg.Pool:
        if self._open_pool is None:
            raise Unavailable("The feed is not open yet.")
        return self._open_pool

    async def open(self) -> None:
        self._open_pool = await asyncpg.create_pool(
            self._url,
            min_size=1,
            max_size=4,
            server_settings=SETTINGS,
            connection_class=Kept,
            reset=keep,
        )
        self.bell.open()

    async def close(self) -> None:
        await self.bell.close()
        await self._numbering.close()
        if self._open_pool is not None:
            await self._open_pool.close()

    async def number(self) -> None:
        """Give positions to everything committed so far."""
        await self._numbering.number()

    async def head(self) -> Cursor:
        row = await self.pool.fetchrow(
            "SELECT epoch, position FROM feed_head WHERE feed = 'events'"
        )
        if row is None:
            raise Unavailable("The feed has no head row; run the migrations.")
        return Cursor(row["epoch"], row["position"])

    async def lag(self) -> tuple[int, float]:
        """How many events wait for a position, and the age of the oldest in seconds."""
        row = await self.pool.fetchrow(
            "SELECT count(*) AS waiting, coalesce(extract(epoch FROM clock_timestamp() - min(occurred_at)), 0)"
            "::float8 AS age FROM events WHERE position IS NULL"
        )
        return (row["waiting"], row["age"]) if row is not None else (0, 0.0)

    async def checked(self, cursor: Cursor) -> Cursor:
        """The cursor with this feed's epoch; Gone when it was made before a restore."""
        head = await self.head()
        if cursor.epoch is not None and cursor.epoch != head.epoch:
            raise Gone("Start over from a snapshot: the cursor is of a feed before a restore.")
        return Cursor(head.epoch, cursor.position)

    async def woken(
        self, changed: asyncio.Event, seconds: float, *, gather: float = GATHER_SECONDS
    ) -> None:
        """Until something is committed and others had time to follow it, or the time is over."""
        await self.bell.wait(changed, seconds)
        until = max(
            self._numbering.numbered_at + gather, self._numbering.looked_at + GATHER_SECONDS
        )
        pause = min(until - time.monotonic(), seconds)
        if pause > 0 and not self.bell.is_stopping:
            await asyncio.sleep(pause)

    async def read_all(
        self, cursor: Cursor, *, types: Sequence[str], limit: int, wait: float
    ) -> tuple[list[asyncpg.Record], Cursor]:
        """Events of every organisation for a peer, and the cursor behind the last one looked at.

        Of what nobody asked for only the type is read. Raises a plain error on a hole: positions are
        dense, a missing one is a bug.
        """
        deadline = time.monotonic() + wait
        start = cursor.position
        while True:
            changed = self.bell.changed
            seen = await self._look(TYPES_SELECT, cursor.position, limit, until=deadline)
            if seen:
                _refuse_holes(seen, cursor.position)
                cursor = Cursor(cursor.epoch, seen[-1]["position"])
            wanted = [row["position"] for row in seen if matches_type(row["type"], types)]
            if wanted:
                return await self.recent.rows(self.pool, wanted), cursor
            left = deadline - time.monotonic()
            if left <= 0 or self.bell.is_stopping or cursor.position - start > MOST_LOOKED_AT:
                return [], cursor
            if len(seen) < limit:
                await self.woken(changed, left, gather=GATHER_FOR_PEERS_SECONDS)

    async def news(self, cursor: Cursor, *, limit: int, wait: float) -> tuple[list[UUID], Cursor]:
        """Whose events there are behind a cursor, for who reads them in somebody's name, and the cursor
        behind the last one looked at."""
        deadline = time.monotonic() + wait
        while True:
            changed = self.bell.changed
            seen = await self._look(WHOSE_SELECT, cursor.position, limit, until=deadline)
            left = deadline - time.monotonic()
            if seen or left <= 0 or self.bell.is_stopping:
                break
            await self.woken(changed, left, gather=GATHER_FOR_PEERS_SECONDS)
        reached = seen[-1]["position"] if seen else cursor.position
        whose = sorted({UUID(str(row["organisation_id"])) for row in seen})
        return whose, Cursor(cursor.epoch, reached)

    async def read_organisation(
        self, organisation_id: UUID, after: int, *, types: Sequence[str], limit: int
    ) -> tuple[list[asyncpg.Record], int]:
        """One organisation's events for a peer that starts over with it, and the position it has reached:
        the feed's end once nothing is left."""
        end = await self._reached()
        seen = await self.pool.fetch(OWN_SELECT, organisation_id, after, limit)
        wanted = [row["position"] for row in seen if matches_type(row["type"], types)]
        last = seen[-1]["position"] if seen else after
        reached = last if len(seen) == limit else max(end, last)
        return (await self.recent.rows(self.pool, wanted) if wanted else []), reached

    async def _reached(self) -> int:
        """The position of the last event committed so far."""
        await self.number()
        return (await self.head()).position

    async def _look(
        self, select: str, after: int, limit: int, *, until: float
    ) -> list[asyncpg.Record]:
        """What there is for a peer behind a position. Where events come all the time, one who may wait is
        given those of a while together; who is far behind gets full pages without a pause."""
        gathered = self._numbering.numbered_at + GATHER_FOR_PEERS_SECONDS
        pause = min(gathered, until) - time.monotonic()
        if pause > 0:
            seen: list[asyncpg.Record] = await self.pool.fetch(select, after, limit)
            if len(seen) == limit or self.bell.is_stopping:
                return seen
            await asyncio.sleep(pause)
        await self.number()
        return await self.pool.fetch(select, after, limit)


TYPES_SELECT = "SELECT position, type FROM events WHERE position > $1 ORDER BY position LIMIT $2"
WHOSE_SELECT = """
SELECT position, organisation_id FROM events WHERE position > $1 ORDER BY position LIMIT $2
"""
OWN_SELECT = """
SELECT position, type FROM events WHERE organisation_id = $1 AND position > $2 ORDER BY position LIMIT $3
"""


def _refuse_holes(rows: Sequence[asyncpg.Record], after: int) -> None:
    if rows[0]["position"] != after + 1 or rows[-1]["position"] - rows[0]["position"] + 1 != len(
        rows
    ):
        raise RuntimeError(f"the feed has a hole after position {after}")

"""What peers read of the log at about the same time: asked of the database once, and written as JSON once.

Each peer follows the feed for itself, but all of them are woken by the same commits. What is kept is as old as
the answer of a peer that read a moment earlier; an erasure rewrites the log, and its own event comes behind.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

KEPT_SECONDS = 2.0
MOST_KEPT = 1_500
SELECT = """
SELECT position, id, organisation_id, type, subject_type, subject_id, version, actor_id, actor_kind,
       channel, changed, before::text, after::text, owner_id, team_id, occurred_at, trace_id
FROM events WHERE position = ANY($1::bigint[]) ORDER BY position
"""


class RecentEvents:
    def __init__(self) -> None:
        self._kept: dict[int, tuple[float, asyncpg.Record]] = {}  # the oldest first
        self._printed: dict[int, bytes] = {}
        self._asking = asyncio.Lock()
        self._letting_go: asyncio.TimerHandle | None = None

    async def rows(self, pool: asyncpg.Pool, positions: Sequence[int]) -> list[asyncpg.Record]:
        """In the order of the positions. KeyError where the log lacks one: nothing is left out in silence."""
        async with self._asking:
            self.forget()
            found = {each: self._kept[each][1] for each in positions if each in self._kept}
            if wanted := [each for each in positions if each not in found]:
                now = time.monotonic()
                for row in await pool.fetch(SELECT, wanted):  # meanwhile something may be forgotten
                    found[row["position"]] = row
                    self._kept[row["position"]] = (now, row)
                self._let_go_in_time()
            return [found[each] for each in positions]

    def printed(self, row: asyncpg.Record) -> orjson.Fragment:
        """A row as peers are sent it."""
        position = row["position"]
        if (text := self._printed.get(position)) is None:
            text = orjson.dumps(_document(row), option=orjson.OPT_UTC_Z)
            if position in self._kept:
                self._printed[position] = text
        return orjson.Fragment(text)

    def forget(self) -> None:
        """What is too old, or too much."""
        oldest = time.monotonic() - KEPT_SECONDS
        for position in list(self._kept):
            if self._kept[position][0] > oldest and len(self._kept) <= MOST_KEPT:
                break
            del self._kept[position]
            self._printed.pop(position, None)

    def _let_go_in_time(self) -> None:
        """Nobody may ask again for long: what is kept goes by itself."""
        if self._letting_go is None and self._kept:
            loop = asyncio.get_running_loop()
            self._letting_go = loop.call_later(KEPT_SECONDS, self._let_go)

    def _let_go(self) -> None:
        self._letting_go = None
        self.forget()
        self._let_go_in_time()


def _document(row: asyncpg.Record) -> dict[str, Any]:
    """asyncpg's UUID class as text, which orjson takes."""
    found = {name: str(v) if isinstance(v, UUID) else v for name, v in row.items()}
    for name in ("before", "after"):
        found[name] = None if row[name] is None else orjson.Fragment(row[name])
    return found

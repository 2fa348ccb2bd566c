"""Places at which a process stops for a moment, or dies: around its commits.

A commit that takes long is what a wrong cursor or a missing lock is found by: in an idle suite the moment
between taking a place in an order and being seen at it is too short to be met by chance.
"""

import asyncio
import os
import re
import signal
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import asyncpg

# Chances by place: `wait` before a commit, death `before` it or `after` it, `unheard`: an error in place of its answer; `after:feed_cursors` is death after
# one that wrote that table. A statement that is a transaction by itself is a commit, too.
Chances = dict[str, float]
LONGEST_WAIT = 0.4
ALONE = "WITH bound AS MATERIALIZED"
NAMED = ("execute", "fetch", "fetchrow", "fetchval")


def arm(chances: Chances, storms: Path) -> None:
    """`storms` is a file that is there while they are in force."""
    if any(chances.values()):
        dice = Dice(chances, storms)
        for name in NAMED:
            setattr(asyncpg.Connection, name, _watched(getattr(asyncpg.Connection, name), dice))


@dataclass
class Dice:
    chances: Chances
    storms: Path
    random: Random = field(default_factory=lambda: Random(os.getpid()))
    written: dict[int, set[str]] = field(default_factory=dict)  # by connection, in its transaction

    def says(self, place: str, tables: set[str] | frozenset[str] = frozenset()) -> bool:
        places = [place, *(f"{place}:{table}" for table in tables)]
        chance = max(self.chances.get(each, 0) for each in places)
        return chance > 0 and self.random.random() < chance and self.storms.exists()

    def perhaps_die(self, place: str, tables: set[str] | frozenset[str]) -> None:
        if self.says(place, tables):
            os.kill(os.getpid(), signal.SIGKILL)


def _watched(called: Any, dice: Dice) -> Any:
    async def watched(self: Any, query: str, *args: Any, **more: Any) -> Any:
        written = dice.written.setdefault(id(self), set())
        if query != "COMMIT" and not query.startswith(ALONE):
            written |= tables_of(query)
            return await called(self, query, *args, **more)
        tables = set(written) if query == "COMMIT" else tables_of(query)
        written.clear()
        if tables and dice.says("wait"):
            await asyncio.sleep(dice.random.uniform(0, LONGEST_WAIT))
        if tables:
            dice.perhaps_die("before", tables)
        found = await called(self, query, *args, **more)
        if tables:
            dice.perhaps_die("after", tables)
        if tables and dice.says("unheard", tables):
            raise ConnectionResetError("a failpoint: committed, and not heard of")
        return found

    return watched


@lru_cache(maxsize=4096)
def tables_of(query: str) -> frozenset[str]:
    """Those that a statement writes."""
    return frozenset(re.findall(r"(?:INSERT INTO|\bUPDATE|DELETE FROM) (\w+)", query))

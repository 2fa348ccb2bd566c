"""Gives events their positions: one turn at a time, shared by all readers of a process who came before it."""

import asyncio
import time
from collections.abc import Callable

import asyncpg

AT_ONCE = 5_000
BUSY = -1  # another reader is at it
WAIT_FOR_ANOTHER = "SELECT FROM feed_head WHERE feed = 'events' FOR UPDATE"


class Numbering:
    """`looked_at` and `numbered_at`: the last look, and the last that found something (monotonic seconds)."""

    def __init__(self, pool: Callable[[], asyncpg.Pool]) -> None:
        self._pool = pool
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None
        self.looked_at = self.numbered_at = 0.0

    async def number(self) -> None:
        """Give positions to everything committed so far. Readers who come while another of this process is
        at it share the next turn: what was committed before they came is committed before that begins."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(self._take_turn())
            self._next.add_done_callback(_seen)
        await asyncio.shield(self._next)

    async def close(self) -> None:
        if self._next is not None:
            self._next.cancel()
            await asyncio.wait([self._next])

    async def _take_turn(self) -> None:
        async with self._turn:
            self._next = None
            await self._number()

    async def _number(self) -> None:
        """A reader elsewhere who is at it may have looked before the last commit, and is waited for; whoever
        came next after that one looks later than this call."""
        self.looked_at = time.monotonic()
        pool = self._pool()
        waits, numbered = 0, AT_ONCE
        while numbered == AT_ONCE or (numbered == BUSY and waits < 2):
            if numbered == BUSY:
                waits += 1
                await pool.execute(WAIT_FOR_ANOTHER)
            numbered = await pool.fetchval("SELECT number_events($1)", AT_ONCE)
            if numbered:
                self.numbered_at = time.monotonic()


def _seen(task: "asyncio.Task[None]") -> None:
    """Whoever waits for it hears what went wrong; nobody may be left who does."""
    if not task.cancelled():
        task.exception()

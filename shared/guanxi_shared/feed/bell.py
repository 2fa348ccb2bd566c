"""Wakes those who wait for events.

It is rung after each commit here, and by a debounced NOTIFY, sent outside of the writers' transactions,
of commits in other processes. A look once a second, one for all who wait in a process, is the safety net.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from weakref import WeakSet

import asyncpg

from guanxi_shared.errors import Problem
from guanxi_shared.queue_bell import LOST

POLL_SECONDS = 1.0
NOTIFY_PAUSE_SECONDS = 0.1
CHANNEL = "guanxi_events"

# Every open bell of this process, so that a stopping server lets its long polls go at once.
OPEN: WeakSet["Bell"] = WeakSet()


def stop_waiting() -> None:
    """Called from the signal handler: no reader waits any more, here or later."""
    for bell in list(OPEN):
        bell.is_stopping = True
        bell.ring_from_anywhere()


class Bell:
    """`look` tells the last position there is now; it is asked only while somebody waits."""

    is_stopping = False

    def __init__(
        self,
        url: str,
        schema: str,
        pool: Callable[[], asyncpg.Pool],
        look: Callable[[], Awaitable[int]],
    ) -> None:
        self._url, self._channel = url, f"{CHANNEL}_{schema}"
        self._pool, self._look = pool, look
        self._changed = asyncio.Event()
        self.waiting = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._notify_due: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks = [
            asyncio.create_task(self._listen(), name="feed-listener"),
            asyncio.create_task(self._look_now_and_then(), name="feed-poll"),
        ]
        OPEN.add(self)

    async def close(self) -> None:
        for task in (*self._tasks, *filter(None, [self._notify_due])):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def signal(self) -> None:
        """Called after each commit: wakes readers here now, those elsewhere within a tenth."""
        self._ring()
        if self._notify_due is None or self._notify_due.done():
            self._notify_due = asyncio.get_running_loop().create_task(self._notify())

    def ring_from_anywhere(self) -> None:
        self._loop.call_soon_threadsafe(self._ring)

    @property
    def changed(self) -> asyncio.Event:
        """Set by the next commit. Taken before a look, so that none in between is missed."""
        return self._changed

    async def wait(self, changed: asyncio.Event, seconds: float) -> None:
        """Until something is committed, or the time is over."""
        self.waiting += 1
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), seconds)
        finally:
            self.waiting -= 1

    def _ring(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _notify(self) -> None:
        await asyncio.sleep(NOTIFY_PAUSE_SECONDS)
        with contextlib.suppress(*LOST):
            await self._pool().execute("SELECT pg_notify($1, '')", self._channel)

    async def _listen(self) -> None:
        """Keep one connection listening; when it breaks the poll goes on and a new one is made."""
        lost = asyncio.Event()
        while True:
            try:
                lost.clear()
                connection = await asyncpg.connect(self._url)
                try:
                    await connection.add_listener(self._channel, lambda *_: self._ring())
                    connection.add_termination_listener(lambda _: lost.set())
                    await lost.wait()
                finally:
                    await connection.close(timeout=1)
            except LOST:
                await asyncio.sleep(POLL_SECONDS)

    async def _look_now_and_then(self) -> None:
        """Wakes those who wait when the feed moved without anybody having told."""
        known = -1
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if not self.waiting:
                continue
            with contextlib.suppress(*LOST, Problem):
                if (reached := await self._look()) != known:
                    known = reached
                    self._ring()

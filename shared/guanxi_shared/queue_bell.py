"""Tells workers that there is something in the queue, once it is committed.

pgqueuer's own trigger would do so inside the writer's transaction, where NOTIFY makes commits wait for one
another (see `jobs.install_queue_sql`). This is sent after the commit, by a statement of its own; what is not
heard is found by the workers' poll.
"""

import asyncio
import contextlib
from collections.abc import Callable
from contextvars import Context

import asyncpg
from pgqueuer.domain.models import TableChangedEvent, utc_now

CHANNEL = "ch_pgqueuer"
TABLE = "pgqueuer"
PAUSE_SECONDS = 0.1  # what is queued meanwhile is told together
TOLD = "SELECT pg_notify($1, $2)"
# What may befall a statement that nobody waits for: what it would have told is found by a look.
LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


class QueueBell:
    def __init__(self, pool: Callable[[], asyncpg.Pool]) -> None:
        self._pool = pool
        self._is_rung = False
        self._telling: asyncio.Task[None] | None = None

    def ring(self) -> None:
        self._is_rung = True
        if self._telling is None or self._telling.done():
            loop = asyncio.get_running_loop()
            self._telling = loop.create_task(self._tell(), context=Context())  # nobody's request

    async def close(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait([self._telling])

    async def _tell(self) -> None:
        while self._is_rung:
            self._is_rung = False
            with contextlib.suppress(*LOST):
                await self._pool().execute(TOLD, CHANNEL, _event())
            await asyncio.sleep(PAUSE_SECONDS)


def _event() -> str:
    """As pgqueuer's trigger writes it."""
    told = TableChangedEvent(
        channel=CHANNEL,
        operation="insert",
        sent_at=utc_now(),
        table=TABLE,
        type="table_changed_event",
    )
    return told.model_dump_json()

"""pgqueuer's statements for a worker that outlives its database.

pgqueuer itself ends its run at the first failed poll, cancelling the jobs in work and deleting
their entries, and holds a job as failed whose retry cannot be written. Here a failed poll is an
empty one, and a retry is written as soon as the server is back.
"""

import asyncio
from datetime import timedelta

import asyncpg
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.models import Job, TracebackRecord
from pgqueuer.domain.types import QueueEntrypoint, QueueManagerId
from pgqueuer.ports.driver import Driver
from pgqueuer.ports.repository import EntrypointExecutionParameter

from guanxi_shared import logs
from guanxi_shared.jobs import QUEUE_STATEMENTS
from guanxi_shared.running_jobs import PASSING

PAUSE_SECONDS = 0.5


class PatientQueries(Queries):
    """One per manager; `stopping` tells that there is no more time to wait for the server."""

    def __init__(self, driver: Driver, stopping: asyncio.Event) -> None:
        super().__init__(driver, *QUEUE_STATEMENTS)
        self._stopping = stopping

    async def dequeue(
        self,
        batch_size: int,
        entrypoints: dict[QueueEntrypoint, EntrypointExecutionParameter],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> list[Job]:
        try:
            return await super().dequeue(
                batch_size,
                entrypoints,
                queue_manager_id,
                global_concurrency_limit,
                heartbeat_timeout,
            )
        except PASSING as error:
            _log.warning("database away", what="dequeue", reason=repr(error))
            await asyncio.sleep(PAUSE_SECONDS)
            return []

    async def eligible_queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        try:
            return await super().eligible_queued_work(entrypoints)
        except PASSING:
            return 0

    async def queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        try:
            return await super().queued_work(entrypoints)
        except PASSING:
            return 0

    async def next_deferred_eta(self, entrypoints: list[QueueEntrypoint]) -> timedelta | None:
        try:
            return await super().next_deferred_eta(entrypoints)
        except PASSING:
            return None

    async def retry_job(
        self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None
    ) -> None:
        """Bring an entry back, without the traceback: it could hold a caller's data."""
        while True:
            try:
                return await super().retry_job(job, delay, None)
            except (*PASSING, asyncpg.PostgresError) as error:
                _log.warning("database away", what="retry", reason=repr(error))
            if self._stopping.is_set():
                # Not an Exception: pgqueuer would hold the entry. Left as it is, it goes stale and
                # another worker takes it.
                raise asyncio.CancelledError
            await asyncio.sleep(PAUSE_SECONDS)


_log = logs.logger("queue")

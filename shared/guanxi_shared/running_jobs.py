"""A job while a worker runs it: its lease, its transactions and how far it has come.

A handler does its work in chunks and saves its checkpoint in each chunk's transaction:

    async def run(job: RunningJob) -> None:
        start = job.checkpoint.get("row", 0)
        for first in range(start, len(rows), 500):
            async with job.transaction() as connection:
                ... write rows[first : first + 500] ...
                await job.save(connection, done=first + 500, checkpoint={"row": first + 500})

Whatever kills the worker, the next run begins at the last chunk that was committed. No chunk is
committed by a run that lost its lease or whose job was cancelled: `save`, and the end of every
transaction, check that in the same transaction.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import orjson

from guanxi_shared import logs
from guanxi_shared.db import AWAY, Connection, Database
from guanxi_shared.errors import Problem, Unavailable
from guanxi_shared.jobs import to_json

# What passes by itself: the server is away, a lock was not to be had, the pool is busy.
PASSING: Final = (
    *AWAY,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    OSError,
    Unavailable,
)

CLAIM = """
UPDATE jobs SET status = 'running', lease = $3, attempts = attempts + 1, message = NULL,
       started_at = coalesce(started_at, clock_timestamp()), heartbeat_at = clock_timestamp()
WHERE organisation_id = $1 AND id = $2 AND (status = 'queued' OR (status = 'running'
      AND (lease IS NULL OR heartbeat_at < clock_timestamp() - make_interval(secs => $4))))
RETURNING kind, params::text, checkpoint::text, done, total, errors, attempts, created_by
"""
LEASE_LEFT = """
SELECT status, extract(epoch FROM heartbeat_at - clock_timestamp())::float8 + $3 AS seconds
FROM jobs WHERE organisation_id = $1 AND id = $2
"""
SAVE = """
UPDATE jobs SET done = coalesce($4, done), total = coalesce($5, total),
       errors = coalesce($6, errors), checkpoint = coalesce($7::text::jsonb, checkpoint),
       result = coalesce($8::text::jsonb, result), message = coalesce($9, message),
       attempts = 0, heartbeat_at = clock_timestamp()
WHERE organisation_id = $1 AND id = $2 AND lease = $3 AND status = 'running' RETURNING 1
"""
BEAT = """
UPDATE jobs SET heartbeat_at = clock_timestamp()
WHERE organisation_id = $1 AND id = $2 AND lease = $3 AND status = 'running' RETURNING 1
"""
LEAVE = """
UPDATE jobs SET status = $4, lease = NULL, message = coalesce($5, message),
       attempts = greatest(0, attempts - $6),
       finished_at = CASE WHEN $4 = 'queued' THEN NULL ELSE clock_timestamp() END
WHERE organisation_id = $1 AND id = $2 AND lease = $3 AND status = 'running' RETURNING 1
"""
STATUS = "SELECT status FROM jobs WHERE organisation_id = $1 AND id = $2"


class JobFailed(Exception):
    """Raised by a handler whose job can never succeed; the sentence is shown to its owner."""


class JobCancelled(Exception):
    """Somebody cancelled the job: nothing more of it is committed."""


class LeaseLost(Exception):
    """Another worker runs the job by now: nothing more of this run is committed."""


class WorkerStopping(Exception):
    """This worker is about to end; the job goes on elsewhere from its checkpoint."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Another run holds the lease and may do so for `seconds` more."""

    seconds: float


async def open_database(database: Database, stopping: asyncio.Event) -> None:
    """Open the pool, however long the server takes to come up."""
    while not stopping.is_set():
        try:
            return await database.open()
        except PASSING as error:
            _log.warning("database away", what="start", reason=repr(error))
        await asyncio.sleep(1.0)
    return None


class RunningJob:
    """One run of one job, given to its handler."""

    def __init__(
        self, database: Database, organisation_id: UUID, job_id: UUID, row: Mapping[str, Any]
    ) -> None:
        self.database = database
        self.organisation_id = organisation_id
        self.id = job_id
        self.kind: str = row["kind"]
        self.params: dict[str, Any] = orjson.loads(row["params"])
        self.checkpoint: dict[str, Any] = orjson.loads(row["checkpoint"] or b"{}")
        self.created_by: UUID | None = row["created_by"]
        self.done: int = row["done"]
        self.total: int | None = row["total"]
        self.errors: int = row["errors"]
        self.attempts: int = row["attempts"]
        self._lease: UUID = row["lease"]
        self._saved: set[int] = set()
        self._gone: type[Exception] | None = None
        self._stopping = False

    def cancelled(self) -> bool:
        """Whether a cancellation is known of here (a heartbeat late at most)."""
        return self._gone is JobCancelled

    def stop(self) -> None:
        """Let the next `transaction` raise `WorkerStopping`."""
        self._stopping = True

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One chunk, bound to the job's organisation; not begun (and not committed) by a run that
        is to end: `WorkerStopping`, `JobCancelled`, `LeaseLost` are for the worker to catch."""
        if self._gone is not None:
            raise self._gone
        if self._stopping:
            raise WorkerStopping
        async with self.database.transaction(self.organisation_id) as connection:
            try:
                yield connection
                if id(connection) not in self._saved:
                    await self._demand(connection, BEAT)
            finally:
                self._saved.discard(id(connection))

    async def save(
        self,
        connection: Connection,
        *,
        done: int | None = None,
        total: int | None = None,
        errors: int | None = None,
        checkpoint: Mapping[str, Any] | None = None,
        result: Mapping[str, Any] | None = None,
        message: str | None = None,
    ) -> None:
        """Note progress in the caller's transaction; what is not named stays. Best as its last
        statement: from here to the commit a cancellation has to wait."""
        documents = [None if value is None else to_json(value) for value in (checkpoint, result)]
        await self._demand(connection, SAVE, done, total, errors, *documents, message)
        self._saved.add(id(connection))
        self.done = self.done if done is None else done
        self.total = self.total if total is None else total
        self.errors = self.errors if errors is None else errors
        self.attempts = 0
        if checkpoint is not None:
            self.checkpoint = dict(checkpoint)

    async def beat(self) -> None:
        """Say that this run is alive, and learn whether the job is still ours to run."""
        async with self.database.transaction(self.organisation_id) as connection:
            with suppress(JobCancelled, LeaseLost):
                await self._demand(connection, BEAT)

    async def leave(
        self, status: str, *, message: str | None = None, free_attempts: int = 0
    ) -> bool:
        """Give the lease back, if it is still ours; `free_attempts` do not count as tries."""
        async with self.database.transaction(self.organisation_id) as connection:
            values = (*self._key(), status, message, free_attempts)
            return await connection.fetchval(LEAVE, *values) is not None

    async def _demand(self, connection: Connection, statement: str, *values: Any) -> None:
        if await connection.fetchval(statement, *self._key(), *values) is not None:
            return
        status = await connection.fetchval(STATUS, self.organisation_id, self.id)
        self._gone = JobCancelled if status == "cancelled" else LeaseLost
        raise self._gone

    def _key(self) -> tuple[UUID, UUID, UUID]:
        return self.organisation_id, self.id, self._lease


Handler = Callable[[RunningJob], Awaitable[None]]


async def claim(
    database: Database, organisation_id: UUID, job_id: UUID, *, lease_seconds: float
) -> RunningJob | Busy | None:
    """Take the lease of a job; `None` when there is nothing left to run."""
    lease = uuid4()
    async with database.transaction(organisation_id) as connection:
        row = await connection.fetchrow(CLAIM, organisation_id, job_id, lease, lease_seconds)
        if row is not None:
            return RunningJob(database, organisation_id, job_id, {**row, "lease": lease})
        left = await connection.fetchrow(LEASE_LEFT, organisation_id, job_id, lease_seconds)
    if left is None or left["status"] not in ("queued", "running"):
        return None
    return Busy(max(0.0, left["seconds"] or 0.0))


@asynccontextmanager
async def kept_alive(job: RunningJob, *, every: float) -> AsyncIterator[None]:
    """Beat for the job while the block runs."""
    task = asyncio.create_task(_beat_on(job, every))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()):
            _log.error("heartbeat broke", job_id=str(job.id), exc_info=error)


async def _beat_on(job: RunningJob, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            await job.beat()
        except PASSING as error:  # the lease outlives some missed beats
            _log.info("heartbeat missed", job_id=str(job.id), reason=repr(error))


async def leave_for_certain(
    job: RunningJob,
    status: str,
    *,
    patience: float,
    message: str | None = None,
    free_attempts: int = 0,
) -> bool:
    """`leave`, again and again while the database is away, at most `patience` seconds: by then the
    lease has run out by itself. False when it was not ours to give back, or not to be done."""
    end = time.monotonic() + patience
    while True:
        try:
            return await job.leave(status, message=message, free_attempts=free_attempts)
        except PASSING as error:
            if time.monotonic() > end:
                _log.warning("lease not given back", job_id=str(job.id), reason=repr(error))
                return False
        await asyncio.sleep(0.2)


def sentence_for(error: Exception) -> str | None:
    """What the owner of a job may read about a failure that no repetition mends; None for others."""
    if isinstance(error, JobFailed):
        return str(error)
    if isinstance(error, Problem) and error.status < 500 and error.status != 429:
        return error.detail
    return None


_log = logs.logger("jobs")

"""The process that runs a service's jobs and scheduled duties: `python -m guanxi_shared.worker NAME`.

NAME is a package with a module `jobs` that declares `HANDLERS` (kind → handler) and, if it has any,
`SCHEDULES` and `BESIDE`, what else goes on in its process until it ends. Any number of workers may run. Each job runs at least once and its committed steps
exactly once: a worker that dies leaves its lease to run out, one that is told to end (SIGTERM,
SIGINT) gives its jobs back at their next chunk.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import Any, Final
from uuid import UUID

import uvloop
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.core.qm import QueueManager
from pgqueuer.core.sm import SchedulerManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job as Entry
from pgqueuer.domain.models import Schedule as DueSchedule
from pgqueuer.domain.types import Channel
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from setproctitle import setproctitle

from guanxi_shared import http, logs
from guanxi_shared.db import Database
from guanxi_shared.garbage import settle_garbage
from guanxi_shared.patient_queue import PatientQueries
from guanxi_shared.running_jobs import (
    PASSING,
    Busy,
    Handler,
    JobCancelled,
    LeaseLost,
    RunningJob,
    WorkerStopping,
    claim,
    kept_alive,
    leave_for_certain,
    open_database,
    sentence_for,
)
from guanxi_shared.schedules import STANDARD, Duty, Schedule
from guanxi_shared.settings import ServiceSettings, common

STATEMENT_TIMEOUT_MS: Final = 60_000
LONGEST_PAUSE: Final = 60.0

Beside = Callable[[Database, asyncio.Event], Coroutine[Any, Any, None]]


class WorkerSettings(BaseSettings):
    """How patient and how busy workers are; prefix GUANXI_JOB_."""

    model_config = SettingsConfigDict(env_prefix="GUANXI_JOB_", extra="ignore")

    heartbeat_seconds: float = Field(default=10.0, ge=0.5)  # without a beat: the worker is dead
    poll_seconds: float = Field(default=2.0, gt=0)  # what nobody told of is found so late
    concurrency: int = Field(default=2, ge=2)
    attempts: int = Field(default=5, ge=1)  # tries without progress
    retry_seconds: float = Field(default=1.0, gt=0)  # doubled at each try
    stop_seconds: float = Field(default=20.0, gt=0)


class JobHeld(Exception):
    """Tells pgqueuer to hold an entry as failed; the reason stands in the job's row."""


class Worker:
    """Runs entries of the queue until `stop`; `run` returns when the last job has been left."""

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        *,
        schedules: Iterable[Schedule] = (),
        settings: WorkerSettings | None = None,
    ) -> None:
        self._database = database
        self._handlers = handlers
        self._schedules = tuple(schedules)
        self._settings = settings or WorkerSettings()
        self._stopping = asyncio.Event()
        self._running: set[RunningJob] = set()

    def stop(self) -> None:
        """Take no more jobs and leave those in work at their next chunk."""
        self._stopping.set()
        for job in self._running:
            job.stop()

    async def run(self) -> None:
        loops = []
        if self._handlers:
            loops.append(asyncio.create_task(self._work()))
        if self._schedules:
            loops.append(asyncio.create_task(self._keep_schedules()))
        told = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({*loops, told}, return_when=asyncio.FIRST_COMPLETED)
        self.stop()
        told.cancel()
        _, late = await asyncio.wait({*loops, told}, timeout=self._settings.stop_seconds)
        for task in late:
            task.cancel()
        await asyncio.wait({*loops, told})
        for task in set(loops) - late:
            task.result()

    async def _work(self) -> None:
        beat = timedelta(seconds=self._settings.heartbeat_seconds)
        while not self._stopping.is_set():
            queries = PatientQueries(AsyncpgPoolDriver(self._database.pool), self._stopping)
            manager = QueueManager(queries, Channel(queries.qbq.settings.channel))
            manager.shutdown = self._stopping
            for kind, handler in self._handlers.items():
                run = partial(self._run_entry, handler)
                manager.entrypoint(kind, on_failure="hold", accepts_context=False)(run)
            try:
                await manager.run(
                    dequeue_timeout=timedelta(seconds=self._settings.poll_seconds),
                    batch_size=1,
                    max_concurrent_tasks=self._settings.concurrency,
                    heartbeat_timeout=beat,
                )
            except PASSING as error:
                await self._pause("queue", error)

    async def _keep_schedules(self) -> None:
        while not self._stopping.is_set():
            queries = PatientQueries(AsyncpgPoolDriver(self._database.pool), self._stopping)
            manager = SchedulerManager(queries)
            manager.shutdown = self._stopping
            for item in self._schedules:
                manager.schedule(item.name, item.cron)(partial(self._do_duty, item.duty))
            try:
                await manager.run()
            except PASSING as error:
                await self._pause("schedules", error)

    async def _do_duty(self, duty: Duty, due: DueSchedule) -> None:
        try:
            await duty(self._database)
        except PASSING as error:
            _log.warning("duty put off", duty=due.entrypoint, reason=repr(error))

    async def _pause(self, what: str, error: BaseException) -> None:
        _log.warning("database away", what=what, reason=repr(error))
        try:
            await asyncio.wait_for(self._stopping.wait(), timeout=1.0)
        except TimeoutError:
            return

    async def _run_entry(self, handler: Handler, entry: Entry) -> None:
        """One entry of the queue. Ends normally (the entry goes), with `RetryRequested` (it comes
        again) or with `JobHeld`; anything else would lose the job, cancellation included."""
        organisation_id, job_id = ids_of(entry)
        try:
            is_held = await self._run_job(handler, organisation_id, job_id)
        except RetryRequested:
            raise
        except (Exception, asyncio.CancelledError) as error:
            _log.warning("entry put off", job_id=str(job_id), reason=repr(error))
            raise again(self._settings.retry_seconds) from None
        if is_held:
            raise JobHeld(f"{entry.entrypoint} {job_id}")

    async def _run_job(self, handler: Handler, organisation_id: UUID, job_id: UUID) -> bool:
        lease_seconds = self._settings.heartbeat_seconds
        job = await claim(self._database, organisation_id, job_id, lease_seconds=lease_seconds)
        if job is None:
            return False
        if isinstance(job, Busy):
            raise again(job.seconds + 0.1)
        http.deadline.set(None)
        logs.organisation_id.set(str(organisation_id))
        logs.request_id.set(f"job-{job_id}")
        self._running.add(job)
        try:
            return await self._run_claimed(handler, job)
        finally:
            self._running.discard(job)

    async def _run_claimed(self, handler: Handler, job: RunningJob) -> bool:
        """Whether the entry is to be held; raises `RetryRequested` when it is to come again."""
        if job.attempts > self._settings.attempts:
            return await self._fail(job, f"Given up: {self._settings.attempts} workers died on it.")
        if self._stopping.is_set():
            job.stop()
        _log.info("job started", kind=job.kind, attempt=job.attempts, done=job.done)
        try:
            async with kept_alive(job, every=self._settings.heartbeat_seconds / 3):
                await handler(job)
        except JobCancelled:
            _log.info("job cancelled", kind=job.kind, done=job.done)
            return False
        except LeaseLost:
            _log.warning("job taken over by another worker", kind=job.kind)
            raise again(self._settings.heartbeat_seconds) from None
        except (WorkerStopping, asyncio.CancelledError):
            _log.info("job given back", kind=job.kind, done=job.done)
            await self._leave(job, "queued", free_attempts=1)
            raise again(0.0) from None
        except Exception as error:
            return await self._failed(job, error)
        await self._leave(job, "done")
        _log.info("job done", kind=job.kind, done=job.done, errors=job.errors)
        return False

    async def _failed(self, job: RunningJob, error: Exception) -> bool:
        sentence = sentence_for(error)
        if sentence is not None:
            _log.info("job refused", kind=job.kind, reason=sentence)
            return await self._fail(job, sentence)
        _log.warning("job broke", kind=job.kind, attempt=job.attempts, exc_info=error)
        if job.attempts >= self._settings.attempts:
            return await self._fail(job, f"Given up after {job.attempts} tries without progress.")
        await self._leave(job, "queued", message="It broke off and is tried again.")
        raise again(self._settings.retry_seconds * 2**job.attempts)

    async def _fail(self, job: RunningJob, sentence: str) -> bool:
        await self._leave(job, "failed", message=sentence)
        return True

    async def _leave(self, job: RunningJob, status: str, **options: Any) -> None:
        patience = self._settings.heartbeat_seconds
        if not await leave_for_certain(job, status, patience=patience, **options):
            # Cancelled, taken over, or the database is away: the next run will see which.
            raise again(self._settings.retry_seconds)


def again(seconds: float) -> RetryRequested:
    """What brings an entry back; without a text, because pgqueuer stores it."""
    return RetryRequested(delay=timedelta(seconds=min(seconds, LONGEST_PAUSE)))


def ids_of(entry: Entry) -> tuple[UUID, UUID]:
    payload = entry.payload or b""
    return UUID(bytes=payload[:16]), UUID(bytes=payload[16:])


async def serve(package: str) -> None:
    """Work for a service until SIGTERM or SIGINT."""
    name = package.removeprefix("guanxi_")
    module = import_module(f"{package}.jobs")
    own = ServiceSettings(_env_prefix=f"{name.upper()}_")
    settings = WorkerSettings()
    database = Database(
        own.database_url,
        pool_size=2 * settings.concurrency + 4,
        statement_timeout_ms=STATEMENT_TIMEOUT_MS,
    )
    schedules = (*STANDARD, *getattr(module, "SCHEDULES", ()))
    worker = Worker(database, module.HANDLERS, schedules=schedules, settings=settings)
    stopping = asyncio.Event()

    def end() -> None:
        stopping.set()
        worker.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    await open_database(database, stopping)
    if not stopping.is_set():
        _log.info("worker ready", kinds=sorted(module.HANDLERS))
        async with going_on(getattr(module, "BESIDE", None), database, stopping, end):
            await worker.run()
        await database.close()
    _log.info("worker ended")


@asynccontextmanager
async def going_on(
    beside: Beside | None, database: Database, stopping: asyncio.Event, end: Callable[[], None]
) -> AsyncIterator[None]:
    """What a service's worker does beside its jobs; it is told by `stopping` and waited for. Should it end
    before, the worker ends with it, and whoever watches starts another."""
    if beside is None:
        yield
        return
    task = asyncio.create_task(beside(database, stopping))
    task.add_done_callback(lambda _: end())
    try:
        yield
    finally:
        stopping.set()
        await task


def main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        raise SystemExit("usage: python -m guanxi_shared.worker guanxi_<service>")
    name = arguments[0].removeprefix("guanxi_")
    setproctitle(f"{name}-worker")
    shared = common()
    logs.configure(f"{name}-worker", level=shared.log_level, format=shared.log_format)
    settle_garbage()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(arguments[0]))


_log = logs.logger("worker")

if __name__ == "__main__":
    main(sys.argv[1:])

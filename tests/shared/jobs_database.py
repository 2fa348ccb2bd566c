"""A database with the jobs of an invented service `works`, and how to wait for something in it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from guanxi_shared.db import Database, new_metadata
from guanxi_shared.jobs import create_job, install_jobs_sql, install_queue_sql, jobs_table, read_job
from guanxi_shared.launch.postgres import EmbeddedPostgres
from guanxi_shared.launch.provision import provision
from guanxi_shared.running_jobs import Handler
from guanxi_shared.schedules import Schedule, expiry_policy
from guanxi_shared.worker import Worker, WorkerSettings

ROLES = ("works", "works_feed", "works_owner")
WORK = """
CREATE TABLE effects (organisation_id uuid NOT NULL, job_id uuid NOT NULL, step int NOT NULL,
                      created_at timestamptz NOT NULL DEFAULT now());
ALTER TABLE effects ENABLE ROW LEVEL SECURITY;
ALTER TABLE effects FORCE ROW LEVEL SECURITY;
CREATE POLICY organisation ON effects USING (organisation_id = (
    SELECT nullif(current_setting('app.organisation_id', true), '')::uuid));
"""
TABLES = "jobs, effects, pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics"
QUICK = WorkerSettings(
    heartbeat_seconds=2.0, poll_seconds=0.05, retry_seconds=0.05, stop_seconds=10.0
)


@dataclass(frozen=True)
class Place:
    """Where the database is, for the service's role and for the owner of its schema."""

    postgres: EmbeddedPostgres
    url: str
    owner_url: str

    async def as_owner(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.owner_url)
        try:
            if arguments:
                return list(await connection.fetch(statement, *arguments))
            await connection.execute(statement)
            return []
        finally:
            await connection.close()


@asynccontextmanager
async def prepared(folder: Path) -> AsyncIterator[Place]:
    postgres = EmbeddedPostgres(folder, fast=True)
    postgres.start()
    try:
        passwords = {role: f"{role}-words-{uuid7()}" for role in ROLES}
        made = await provision(postgres.admin_url, ["works"], passwords)
        place = Place(postgres, made.urls["works"].request, made.urls["works"].owner)
        metadata = new_metadata()
        jobs_table(metadata)
        await place.as_owner(
            install_jobs_sql(metadata)
            + install_queue_sql()
            + WORK
            + expiry_policy("effects", column="created_at", kept="24 hours")
            + expiry_policy("jobs", column="finished_at", kept="90 days")
        )
        yield place
    finally:
        postgres.destroy()


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[Database]:
    database = Database(place.url, pool_size=12)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def working(
    database: Database,
    handlers: Mapping[str, Handler],
    *,
    settings: WorkerSettings = QUICK,
    schedules: tuple[Schedule, ...] = (),
) -> AsyncIterator[Worker]:
    worker = Worker(database, handlers, settings=settings, schedules=schedules)
    run = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await run


@dataclass(frozen=True)
class Jobs:
    """The jobs of one organisation, as its API would see them."""

    database: Database
    organisation_id: UUID

    async def create(self, kind: str, **params: Any) -> UUID:
        async with self.database.transaction(self.organisation_id) as connection:
            return await create_job(connection, self.organisation_id, kind=kind, params=params)

    async def read(self, job_id: UUID) -> dict[str, Any]:
        async with self.database.transaction(self.organisation_id) as connection:
            return await read_job(connection, self.organisation_id, job_id)

    async def call(self, change: Callable[..., Awaitable[Any]], job_id: UUID) -> Any:
        async with self.database.transaction(self.organisation_id) as connection:
            return await change(connection, self.organisation_id, job_id)

    async def steps(self, job_id: UUID) -> list[int]:
        rows = await self.database.fetch(
            self.organisation_id,
            "SELECT step FROM effects WHERE organisation_id = $2 AND job_id = $3 ORDER BY step",
            self.organisation_id,
            job_id,
        )
        return [row["step"] for row in rows]

    async def until_status(self, job_id: UUID, *wanted: str, seconds: float = 20) -> dict[str, Any]:
        async def has_status() -> dict[str, Any] | None:
            job = await self.read(job_id)
            return job if job["status"] in wanted else None

        return await until(has_status, seconds=seconds)


async def until(holds: Callable[[], Awaitable[Any]], *, seconds: float = 20) -> Any:
    """The first true answer; a database that is away counts as false."""
    end = time.monotonic() + seconds
    while True:
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            if answer := await holds():
                return answer
        assert time.monotonic() < end, f"not within {seconds} s"
        await asyncio.sleep(0.03)

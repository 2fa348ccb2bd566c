"""Workers as processes, killed, frozen and stopped in the middle of a job."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from uuid_utils.compat import uuid7

from guanxi_shared import jobs as shared_jobs
from guanxi_shared.db import Database
from guanxi_shared.worker import going_on, main
from tests.shared.jobs_database import TABLES, Jobs, Place, opened, prepared, until

SHARED = Path(shared_jobs.__file__).parents[1]
LEASE_SECONDS = 2.0

# Each step takes a moment, so that a signal arrives in the middle of one.
SERVICE = """
import asyncio

async def count(job):
    for step in range(job.checkpoint.get("next", 0), job.params["steps"]):
        async with job.transaction() as connection:
            await connection.execute(
                "INSERT INTO effects (organisation_id, job_id, step) VALUES ($1, $2, $3)",
                job.organisation_id, job.id, step,
            )
            await asyncio.sleep(0.01)
            await job.save(connection, done=step + 1, checkpoint={"next": step + 1})

HANDLERS = {"count": count}
"""

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with prepared(tmp_path_factory.mktemp("worker")) as found:
        yield found


@pytest.fixture
async def database(place: Place) -> AsyncIterator[Database]:
    await place.as_owner(f"TRUNCATE {TABLES}")
    async with opened(place) as found:
        yield found


@pytest.fixture
def jobs(database: Database) -> Jobs:
    return Jobs(database, uuid7())


@pytest.fixture
def environment(place: Place, tmp_path: Path) -> dict[str, str]:
    package = tmp_path / "guanxi_works"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "jobs.py").write_text(SERVICE)
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{SHARED}:{tmp_path}",
        "WORKS_DATABASE_URL": place.url,
        "WORKS_FEED_DATABASE_URL": place.url,
        "GUANXI_SERVICE_SECRET": "kV3nQ8xR1tY7uW5zA2bC4dE6fG9hJ0kL",
        "GUANXI_JOB_HEARTBEAT_SECONDS": str(LEASE_SECONDS),
        "GUANXI_JOB_POLL_SECONDS": "0.1",
    }


@asynccontextmanager
async def worker(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "guanxi_shared.worker", "guanxi_works",
        env=environment, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def in_the_middle(jobs: Jobs, job_id: UUID, *, after: int = 5) -> bool:
    return len(await jobs.steps(job_id)) >= after


async def test_a_job_whose_worker_is_killed_goes_on_elsewhere_without_double_effect(
    jobs: Jobs, environment: dict[str, str]
) -> None:
    job_id = await jobs.create("count", steps=150)
    async with worker(environment) as first:
        await until(lambda: in_the_middle(jobs, job_id))
        first.send_signal(signal.SIGKILL)
        await first.wait()
    left_at = len(await jobs.steps(job_id))
    async with worker(environment):
        job = await jobs.until_status(job_id, "done", seconds=20)

    assert 5 <= left_at < 150
    assert await jobs.steps(job_id) == list(range(150))
    assert job["done"] == 150


async def test_a_job_outlives_worker_after_worker(jobs: Jobs, environment: dict[str, str]) -> None:
    job_id = await jobs.create("count", steps=120)
    for round_number in range(1, 4):
        async with worker(environment) as process:
            await until(lambda n=round_number: in_the_middle(jobs, job_id, after=n * 25))  # type: ignore[misc]
            process.send_signal(signal.SIGKILL)
            await process.wait()
    async with worker(environment):
        await jobs.until_status(job_id, "done", seconds=20)

    assert await jobs.steps(job_id) == list(range(120))


async def test_a_worker_frozen_and_thawed_spoils_nothing_of_its_successor(
    jobs: Jobs, environment: dict[str, str]
) -> None:
    job_id = await jobs.create("count", steps=250)
    async with worker(environment) as frozen:
        await until(lambda: in_the_middle(jobs, job_id))
        frozen.send_signal(signal.SIGSTOP)
        left_at = len(await jobs.steps(job_id))
        async with worker(environment):
            # frozen between its save and its commit it keeps the job's row until Postgres
            # ends transactions that idle for 30 s
            await until(lambda: in_the_middle(jobs, job_id, after=left_at + 20), seconds=50)
            frozen.send_signal(signal.SIGCONT)
            await jobs.until_status(job_id, "done", seconds=30)

    assert await jobs.steps(job_id) == list(range(250))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_worker_told_to_end_gives_its_job_back_and_ends_well(
    jobs: Jobs, environment: dict[str, str], number: signal.Signals
) -> None:
    job_id = await jobs.create("count", steps=10_000)
    async with worker(environment) as process:
        await until(lambda: in_the_middle(jobs, job_id))
        process.send_signal(number)
        code = await asyncio.wait_for(process.wait(), timeout=10)

    job = await jobs.read(job_id)
    assert code == 0
    assert job["status"] == "queued"
    assert await jobs.steps(job_id) == list(range(job["done"]))


async def test_two_workers_never_run_one_job_at_once(
    jobs: Jobs, environment: dict[str, str]
) -> None:
    ids = [await jobs.create("count", steps=30) for _ in range(6)]
    async with worker(environment), worker(environment):
        for job_id in ids:
            await jobs.until_status(job_id, "done", seconds=30)

    for job_id in ids:
        assert await jobs.steps(job_id) == list(range(30))


async def test_a_worker_waits_for_its_database(
    jobs: Jobs, place: Place, environment: dict[str, str]
) -> None:
    job_id = await jobs.create("count", steps=3)
    place.postgres.stop()
    async with worker(environment) as process:
        await asyncio.sleep(1.5)
        assert process.returncode is None
        place.postgres.start()
        await jobs.until_status(job_id, "done", seconds=20)

    assert await jobs.steps(job_id) == [0, 1, 2]


async def test_a_worker_process_is_named_after_its_service(environment: dict[str, str]) -> None:
    async def has_its_name() -> bool:
        return psutil.Process(process.pid).cmdline()[:1] == ["works-worker"]

    async with worker(environment) as process:
        await until(has_its_name)


def test_the_worker_wants_one_service() -> None:
    with pytest.raises(SystemExit, match="usage"):
        main([])


async def test_what_goes_on_beside_is_told_to_end_and_its_end_is_the_workers() -> None:
    database, stopping, ended = (
        Database("postgresql://nobody@127.0.0.1:1/none"),
        asyncio.Event(),
        [],
    )

    async def beside(_: Database, told: asyncio.Event) -> None:
        await told.wait()

    async with going_on(beside, database, stopping, lambda: ended.append("beside")):
        assert ended == []
    assert stopping.is_set()

    async def broken(_: Database, told: asyncio.Event) -> None:
        raise LookupError("a setting")

    died = asyncio.Event()
    with pytest.raises(LookupError, match="a setting"):
        async with going_on(broken, database, asyncio.Event(), died.set):
            await died.wait()
    async with going_on(None, database, asyncio.Event(), died.set):
        pass

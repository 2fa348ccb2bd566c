import asyncio
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from guanxi_shared import queue_bell
from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import Conflict, Invalid, NotFound
from guanxi_shared.jobs import cancel_job, create_job, enqueue, queue_counts, read_job, requeue_job
from guanxi_shared.running_jobs import Busy, JobCancelled, JobFailed, LeaseLost, RunningJob, claim
from guanxi_shared.schedules import Schedule, delete_expired, prune_queue_log, schedule
from guanxi_shared.worker import WorkerSettings
from tests.shared.jobs_database import (
    QUICK,
    TABLES,
    Jobs,
    Place,
    opened,
    prepared,
    until,
    working,
)
from tests.statements import heard_on_all

ADD = "INSERT INTO effects (organisation_id, job_id, step) VALUES ($1, $2, $3)"


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with prepared(tmp_path_factory.mktemp("jobs")) as found:
        yield found


@pytest.fixture
async def database(place: Place) -> AsyncIterator[Database]:
    await place.as_owner(f"TRUNCATE {TABLES}")
    async with opened(place) as found:
        yield found


@pytest.fixture
def jobs(database: Database) -> Jobs:
    return Jobs(database, uuid7())


async def count_up(job: RunningJob) -> None:
    """Writes steps 0, 1, … in chunks of one, going on where the last run stopped."""
    for step in range(job.checkpoint.get("next", 0), job.params["steps"]):
        async with job.transaction() as connection:
            await connection.execute(ADD, job.organisation_id, job.id, step)
            await job.save(connection, done=step + 1, checkpoint={"next": step + 1})
        await asyncio.sleep(job.params.get("pause", 0))


async def test_a_job_runs_to_its_end(jobs: Jobs) -> None:
    async def report(job: RunningJob) -> None:
        async with job.transaction() as connection:
            await job.save(connection, total=2, done=2, errors=1, result={"file": "x.csv"})

    job_id = await jobs.create("report", name="张三")
    async with working(jobs.database, {"report": report}):
        job = await jobs.until_status(job_id, "done")

    assert (job["done"], job["total"], job["errors"]) == (2, 2, 1)
    assert job["params"] == {"name": "张三"}
    assert job["result"] == {"file": "x.csv"}
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]


async def test_a_worker_that_hardly_polls_is_told_of_jobs_once_they_are_committed(
    place: Place, jobs: Jobs
) -> None:
    """By another process, too: `jobs` and the worker have connections of their own."""
    patient = WorkerSettings(heartbeat_seconds=60, poll_seconds=60, stop_seconds=10)

    async def note(job: RunningJob) -> None:
        async with job.transaction() as connection:
            await job.save(connection, done=1)

    async with opened(place) as elsewhere, working(elsewhere, {"note": note}, settings=patient):
        first = await jobs.create("note")
        await jobs.until_status(first, "done")
        told: list[str] = []
        with heard_on_all(jobs.database.points, lambda record: told.append(record.query)):
            began = time.monotonic()
            many = await asyncio.gather(*(jobs.create("note") for _ in range(20)))
            pauses = (time.monotonic() - began) / queue_bell.PAUSE_SECONDS
            for each in many:
                await jobs.until_status(each, "done")
            await asyncio.sleep(2 * queue_bell.PAUSE_SECONDS)
            # What comes together is told together.
            assert 1 <= told.count(queue_bell.TOLD) <= min(pauses + 2, 10)
            told.clear()
            with pytest.raises(ConnectionError):
                await give_up(jobs)
            await asyncio.sleep(2 * queue_bell.PAUSE_SECONDS)
            assert queue_bell.TOLD not in told


async def give_up(jobs: Jobs) -> None:
    async with jobs.database.transaction(jobs.organisation_id) as connection:
        await create_job(connection, jobs.organisation_id, kind="note", params={})
        raise ConnectionError("given up")


async def test_a_handler_sees_the_parameters_and_who_asked(jobs: Jobs) -> None:
    seen: list[RunningJob] = []

    async def look(job: RunningJob) -> None:
        seen.append(job)

    user = uuid7()
    async with jobs.database.transaction(jobs.organisation_id) as connection:
        job_id = await create_job(
            connection,
            jobs.organisation_id,
            kind="look",
            params={"a": [1]},
            created_by=user,
            total=9,
        )
    async with working(jobs.database, {"look": look}):
        await jobs.until_status(job_id, "done")

    (job,) = seen
    assert (job.params, job.checkpoint, job.created_by, job.total) == ({"a": [1]}, {}, user, 9)
    assert (job.kind, job.id, job.organisation_id) == ("look", job_id, jobs.organisation_id)


async def test_a_job_that_is_rolled_back_was_never_queued(jobs: Jobs) -> None:
    async def create_and_fail(connection: Connection, organisation_id: UUID, job_id: UUID) -> None:
        await create_job(connection, organisation_id, kind="count", params={}, job_id=job_id)
        raise KeyError

    with pytest.raises(KeyError):
        await jobs.call(create_and_fail, uuid7())

    async with jobs.database.transaction(None) as connection:
        assert await queue_counts(connection) == {}


async def test_other_organisations_and_unbound_sessions_see_no_job(jobs: Jobs) -> None:
    job_id = await jobs.create("count")
    stranger = Jobs(jobs.database, uuid7())

    for change in (read_job, cancel_job, requeue_job):
        with pytest.raises(NotFound):
            await stranger.call(change, job_id)
    async with jobs.database.transaction(None) as connection:
        assert await connection.fetchval("SELECT count(*) FROM jobs") == 0
    assert (await jobs.read(job_id))["status"] == "queued"


async def test_a_job_cannot_be_written_for_another_organisation(jobs: Jobs) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with jobs.database.transaction(jobs.organisation_id) as connection:
            await create_job(connection, uuid7(), kind="count", params={})


async def test_the_queue_carries_ids_only(jobs: Jobs, place: Place) -> None:
    async def leak(job: RunningJob) -> None:
        raise ValueError(job.params["secret"])

    job_id = await jobs.create("leak", secret="CANARY")
    async with working(jobs.database, {"leak": leak}):
        await jobs.until_status(job_id, "failed")
        await until(lambda: held(jobs.database))

    for table in ("pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics"):
        rows = await place.as_owner(f"SELECT t::text AS row FROM {table} t WHERE $1", True)
        assert not any("CANARY" in row["row"] for row in rows)
    payloads = await place.as_owner("SELECT payload FROM pgqueuer WHERE $1", True)
    assert {row["payload"] for row in payloads} == {jobs.organisation_id.bytes + job_id.bytes}


async def test_queueing_notifies_nobody(place: Place) -> None:
    rows = await place.as_owner(
        "SELECT tgenabled FROM pg_trigger WHERE tgname = $1", "tg_pgqueuer_changed"
    )

    assert [row["tgenabled"] for row in rows] == [b"D"]


async def test_an_error_undoes_its_chunk_and_the_next_try_goes_on_from_there(jobs: Jobs) -> None:
    tries: list[int] = []

    async def stumble(job: RunningJob) -> None:
        tries.append(job.checkpoint.get("next", 0))
        for step in range(job.checkpoint.get("next", 0), 4):
            async with job.transaction() as connection:
                await connection.execute(ADD, job.organisation_id, job.id, step)
                await job.save(connection, done=step + 1, checkpoint={"next": step + 1})
                if step == 2 and len(tries) < 3:
                    raise RuntimeError("stumbled")

    job_id = await jobs.create("stumble")
    async with working(jobs.database, {"stumble": stumble}):
        job = await jobs.until_status(job_id, "done")

    assert tries == [0, 2, 2]
    assert await jobs.steps(job_id) == [0, 1, 2, 3]
    assert job["done"] == 4


async def test_a_job_without_progress_is_given_up_and_held(jobs: Jobs) -> None:
    tries: list[int] = []

    async def break_down(job: RunningJob) -> None:
        tries.append(1)
        raise RuntimeError("the inside of the machine")

    job_id = await jobs.create("break_down")
    async with working(jobs.database, {"break_down": break_down}):
        job = await jobs.until_status(job_id, "failed")
        await until(lambda: held(jobs.database))

    assert len(tries) == QUICK.attempts
    assert "machine" not in job["message"]
    assert job["finished_at"] is not None


async def test_a_failed_job_goes_on_from_its_checkpoint_when_queued_again(jobs: Jobs) -> None:
    is_mended = False

    async def mend(job: RunningJob) -> None:
        if job.checkpoint.get("next") == 2 and not is_mended:
            raise JobFailed("The file is gone.")
        await count_up(job)

    async def first_half(job: RunningJob) -> None:
        job.params["steps"] = 2
        await count_up(job)
        raise JobFailed("The file is gone.")

    job_id = await jobs.create("mend", steps=4)
    async with working(jobs.database, {"mend": first_half}):
        failed = await jobs.until_status(job_id, "failed")
    is_mended = True
    await jobs.call(requeue_job, job_id)
    async with working(jobs.database, {"mend": mend}):
        await jobs.until_status(job_id, "done")

    assert failed["message"] == "The file is gone."
    assert await jobs.steps(job_id) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "error", [JobFailed("Column 3 is missing."), Invalid("Column 3 is missing.")]
)
async def test_a_failure_that_no_repetition_mends_ends_the_job_at_once(
    jobs: Jobs, error: Exception
) -> None:
    tries: list[int] = []

    async def refuse(job: RunningJob) -> None:
        tries.append(1)
        raise error

    job_id = await jobs.create("refuse")
    async with working(jobs.database, {"refuse": refuse}):
        job = await jobs.until_status(job_id, "failed")

    assert job["message"] == "Column 3 is missing."
    assert len(tries) == 1


async def test_only_a_failed_job_can_be_queued_again(jobs: Jobs) -> None:
    job_id = await jobs.create("count")

    with pytest.raises(Conflict):
        await jobs.call(requeue_job, job_id)


async def test_a_job_cancelled_in_the_queue_never_runs(jobs: Jobs) -> None:
    job_id, other_id = await jobs.create("count", steps=1), await jobs.create("count", steps=1)
    await jobs.call(cancel_job, job_id)
    async with working(jobs.database, {"count": count_up}):
        await jobs.until_status(other_id, "done")

    assert await jobs.steps(job_id) == []
    assert (await jobs.read(job_id))["status"] == "cancelled"


async def test_nothing_of_a_running_job_is_committed_after_its_cancellation(jobs: Jobs) -> None:
    job_id = await jobs.create("count", steps=10_000)
    async with working(jobs.database, {"count": count_up}) as worker:
        await until(lambda: jobs.steps(job_id))
        await jobs.call(cancel_job, job_id)
        steps = await jobs.steps(job_id)
        await until(lambda: idle(worker))

    assert await jobs.steps(job_id) == steps
    job = await jobs.read(job_id)
    assert (job["status"], job["done"]) == ("cancelled", len(steps))


async def test_a_handler_busy_elsewhere_hears_of_the_cancellation(jobs: Jobs) -> None:
    heard = asyncio.Event()

    async def wait(job: RunningJob) -> None:
        await until(lambda: is_cancelled(job))
        heard.set()

    job_id = await jobs.create("wait")
    async with working(jobs.database, {"wait": wait}):
        await jobs.until_status(job_id, "running")
        await jobs.call(cancel_job, job_id)
        await asyncio.wait_for(heard.wait(), timeout=5)


async def test_cancelling_twice_is_one_cancellation_and_a_finished_job_stays(jobs: Jobs) -> None:
    cancelled, finished = await jobs.create("other"), await jobs.create("count", steps=0)
    first = await jobs.call(cancel_job, cancelled)
    again = await jobs.call(cancel_job, cancelled)
    async with working(jobs.database, {"count": count_up}):
        await jobs.until_status(finished, "done")

    assert first == again
    with pytest.raises(Conflict):
        await jobs.call(cancel_job, finished)


async def test_many_entries_and_workers_run_a_job_once(jobs: Jobs) -> None:
    runs: list[UUID] = []

    async def note(job: RunningJob) -> None:
        runs.append(job.id)
        await count_up(job)

    ids = [await jobs.create("note", steps=5, pause=0.01) for _ in range(6)]
    async with jobs.database.transaction(jobs.organisation_id) as connection:
        for job_id in ids * 3:
            await enqueue(connection, jobs.organisation_id, job_id, "note")
    async with working(jobs.database, {"note": note}), working(jobs.database, {"note": note}):
        for job_id in ids:
            await jobs.until_status(job_id, "done")

    assert sorted(runs) == sorted(ids)
    for job_id in ids:
        assert await jobs.steps(job_id) == [0, 1, 2, 3, 4]


async def test_a_lease_keeps_others_away_until_it_runs_out(jobs: Jobs) -> None:
    job_id = await jobs.create("count")
    first = await take(jobs, job_id, lease_seconds=30)

    refused = await take(jobs, job_id, lease_seconds=30)
    later = await until_taken(jobs, job_id, lease_seconds=0.2)

    assert isinstance(first, RunningJob)
    assert isinstance(refused, Busy)
    assert 25 < refused.seconds <= 30
    assert later.attempts == 2


async def test_a_run_that_lost_its_lease_commits_nothing(jobs: Jobs) -> None:
    job_id = await jobs.create("count")
    first = await take(jobs, job_id, lease_seconds=30)
    assert isinstance(first, RunningJob)
    second = await until_taken(jobs, job_id, lease_seconds=0.05)

    for saves in (True, False):
        with pytest.raises(LeaseLost):
            await add_step(first, 1, saves=saves)
    await add_step(second, 2, saves=False)

    assert await jobs.steps(job_id) == [2]


async def test_a_transaction_without_progress_needs_the_lease_too(jobs: Jobs) -> None:
    job_id = await jobs.create("count")
    run = await take(jobs, job_id, lease_seconds=30)
    assert isinstance(run, RunningJob)
    await jobs.call(cancel_job, job_id)

    with pytest.raises(JobCancelled):
        await add_step(run, 1, saves=False)

    assert await jobs.steps(job_id) == []
    assert run.cancelled()


async def test_a_job_that_kills_its_workers_is_given_up(jobs: Jobs) -> None:
    job_id = await jobs.create("count", steps=1)
    for _ in range(QUICK.attempts):
        await until_taken(jobs, job_id, lease_seconds=0.01)
    async with working(jobs.database, {"count": count_up}):
        job = await jobs.until_status(job_id, "failed")

    assert "Given up" in job["message"]
    assert await jobs.steps(job_id) == []


async def test_a_worker_told_to_stop_gives_its_job_back_at_the_next_chunk(jobs: Jobs) -> None:
    job_id = await jobs.create("count", steps=200, pause=0.005)
    for _ in range(QUICK.attempts + 2):  # stopping is no failed try
        steps = len(await jobs.steps(job_id))
        async with working(jobs.database, {"count": count_up}):
            await until(lambda before=steps: has_more(jobs, job_id, before))  # type: ignore[misc]
        assert (await jobs.read(job_id))["status"] == "queued"
    async with working(jobs.database, {"count": count_up}):
        await jobs.until_status(job_id, "done")

    assert await jobs.steps(job_id) == list(range(200))


async def test_a_job_that_does_not_stop_in_time_is_broken_off_and_comes_again(jobs: Jobs) -> None:
    async def stubborn(job: RunningJob) -> None:
        await asyncio.sleep(600)

    hasty = WorkerSettings(
        heartbeat_seconds=2, poll_seconds=0.05, retry_seconds=0.05, stop_seconds=0.3
    )
    job_id = await jobs.create("stubborn", steps=2)
    async with working(jobs.database, {"stubborn": stubborn}, settings=hasty):
        await jobs.until_status(job_id, "running")
    async with working(jobs.database, {"stubborn": count_up}):
        await jobs.until_status(job_id, "done")

    assert await jobs.steps(job_id) == [0, 1]


async def test_a_job_of_an_unknown_kind_waits(jobs: Jobs) -> None:
    unknown, known = await jobs.create("tomorrow"), await jobs.create("count", steps=0)
    async with working(jobs.database, {"count": count_up}):
        await jobs.until_status(known, "done")

    assert (await jobs.read(unknown))["status"] == "queued"
    async with jobs.database.transaction(None) as connection:
        assert await queue_counts(connection) == {("tomorrow", "queued"): 1}


async def test_jobs_go_on_after_the_database_was_away(jobs: Jobs, place: Place) -> None:
    job_id = await jobs.create("count", steps=60, pause=0.02)
    async with working(jobs.database, {"count": count_up}):
        await until(lambda: jobs.steps(job_id))
        place.postgres.stop()
        await asyncio.sleep(0.3)
        place.postgres.start()
        await jobs.until_status(job_id, "done", seconds=30)
        later = await jobs.create("count", steps=1)
        await jobs.until_status(later, "done", seconds=30)

    assert await jobs.steps(job_id) == list(range(60))


async def test_duties_come_round_and_one_that_breaks_stops_no_other(jobs: Jobs) -> None:
    done: list[str] = []

    @schedule("* * * * * *")
    async def break_down(database: Database) -> None:
        raise RuntimeError("broken")

    @schedule("* * * * * *", name="look-round")
    async def look_round(database: Database) -> None:
        await database.ping()
        done.append("look-round")

    assert (break_down.name, look_round.name) == ("break_down", "look-round")
    async with working(jobs.database, {}, schedules=(break_down, look_round)):
        await until(lambda: at_least(done, 2))


async def test_two_workers_share_a_duty(jobs: Jobs) -> None:
    done: list[float] = []

    async def tick(database: Database) -> None:
        done.append(asyncio.get_running_loop().time())

    every_second = (Schedule("tick", "* * * * * *", tick),)
    async with (
        working(jobs.database, {}, schedules=every_second),
        working(jobs.database, {}, schedules=every_second),
    ):
        await until(lambda: at_least(done, 3))

    gaps = [later - earlier for earlier, later in pairwise(done)]
    assert min(gaps) > 0.3


async def test_an_unbound_duty_deletes_what_is_too_old_and_sees_nothing(jobs: Jobs) -> None:
    others = Jobs(jobs.database, uuid7())
    for organisation in (jobs, others):
        async with jobs.database.transaction(organisation.organisation_id) as connection:
            for age in ("1 hour", "25 hours"):
                await connection.execute(
                    "INSERT INTO effects VALUES ($1, $2, 0, now() - $3::text::interval)",
                    organisation.organisation_id,
                    uuid4(),
                    age,
                )

    assert await delete_expired(jobs.database, "effects") == 2
    for organisation in (jobs, others):
        assert len(await rows_of(organisation)) == 1


async def test_a_bound_session_deletes_only_its_own_rows(jobs: Jobs) -> None:
    others = Jobs(jobs.database, uuid7())
    async with jobs.database.transaction(others.organisation_id) as connection:
        await connection.execute(
            "INSERT INTO effects VALUES ($1, $2, 0, now() - interval '9 days')",
            others.organisation_id,
            uuid4(),
        )
    async with jobs.database.transaction(jobs.organisation_id) as connection:
        await connection.execute("DELETE FROM effects")

    assert len(await rows_of(others)) == 1


async def test_the_queue_s_log_is_pruned(jobs: Jobs, place: Place) -> None:
    job_id = await jobs.create("count", steps=0)
    async with working(jobs.database, {"count": count_up}):
        await jobs.until_status(job_id, "done")
    await place.as_owner("UPDATE pgqueuer_log SET created = created - interval '8 days'")
    await prune_queue_log.duty(jobs.database)

    assert await place.as_owner("SELECT 1 FROM pgqueuer_log WHERE $1", True) == []


async def take(jobs: Jobs, job_id: UUID, *, lease_seconds: float) -> RunningJob | Busy | None:
    return await claim(jobs.database, jobs.organisation_id, job_id, lease_seconds=lease_seconds)


async def until_taken(jobs: Jobs, job_id: UUID, *, lease_seconds: float) -> RunningJob:
    async def taken() -> RunningJob | None:
        got = await take(jobs, job_id, lease_seconds=lease_seconds)
        return got if isinstance(got, RunningJob) else None

    run: RunningJob = await until(taken)
    return run


async def is_cancelled(job: RunningJob) -> bool:
    return job.cancelled()


async def add_step(job: RunningJob, step: int, *, saves: bool) -> None:
    async with job.transaction() as connection:
        await connection.execute(ADD, job.organisation_id, job.id, step)
        if saves:
            await job.save(connection, done=step)


async def held(database: Database) -> bool:
    async with database.transaction(None) as connection:
        return any(state == "failed" for _, state in await queue_counts(connection))


async def has_more(jobs: Jobs, job_id: UUID, before: int) -> bool:
    return len(await jobs.steps(job_id)) > before


async def at_least(items: list[Any], count: int) -> bool:
    return len(items) >= count


async def idle(worker: Any) -> bool:
    return not worker._running


async def rows_of(jobs: Jobs) -> list[asyncpg.Record]:
    return await jobs.database.fetch(jobs.organisation_id, "SELECT * FROM effects")

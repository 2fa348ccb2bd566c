"""An import's job: chunks of a file, each one transaction with its checkpoint.

While a chunk is written, the next one is read and checked beside (see aside.py). A dry run does the same on a
connection of its own, whose temporary tables stand for what it would have written; it keeps no
checkpoint and begins anew.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg

from guanxi_shared.db import Connection
from guanxi_shared.imports import kept_rows
from guanxi_shared.imports.aside import Beside, Chunk
from guanxi_shared.imports.book import begin_planning, end_planning
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.prepared import COUNTS, INCOMPLETE, REFUSED, Outcome
from guanxi_shared.imports.target import Target
from guanxi_shared.running_jobs import JobFailed, RunningJob
from guanxi_shared.tables import Checkpoint, FileProblem, Source, count_rows

LINKED_AT_ONCE = 200
MOST_DRY_TRIES = 3
# One row of a chunk that the database itself refuses: the chunk is halved until it is found.
REFUSALS = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, UnicodeEncodeError)


class ImportRun:
    def __init__(
        self, job: RunningJob, target: Target, *, path: Path, source: Source, chunk_rows: int,
        is_dry: bool, url: str, together: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self._job = job
        self._target = target
        self._path = path
        self._source = source
        self._chunk_rows = chunk_rows
        self._is_dry = is_dry
        self._url = url
        self._together = together
        saved = {} if is_dry else job.checkpoint
        self._at = Checkpoint(*saved["at"]) if "at" in saved else source.body
        self._counts: dict[str, int] = dict.fromkeys(COUNTS, 0) | saved.get("counts", {})
        self._tries = 0
        self._planning: asyncpg.pool.PoolConnectionProxy | None = None

    async def run(self) -> None:
        beside = Beside(
            self._path, self._source, size=self._chunk_rows, start=self._at, together=self._together
        )
        try:
            beside.set_out()
            await self._begin()
            async with self._planned_if_dry():
                async with aclosing(self._chunks(beside)) as chunks:
                    async for rows, at in chunks:
                        await self._write(rows, at)
                while await self._link_some():
                    pass
        except FileProblem as problem:
            raise JobFailed(problem.detail) from problem
        finally:
            await asyncio.to_thread(beside.close)
        async with self._job.transaction() as connection:
            await self._save(connection, self._at, total=self._job.done)

    async def _begin(self) -> None:
        """Count the rows once; a dry run also forgets what an earlier try of it found out.

        Saving says that the job made progress, so that its tries are counted anew: a dry run, which
        begins again each time, counts its own.
        """
        job = self._job
        if self._is_dry:
            self._tries = job.checkpoint.get("tries", 0) + 1
            if self._tries > MOST_DRY_TRIES:
                raise JobFailed(f"The dry run broke off {MOST_DRY_TRIES} times.")
        elif job.total is not None:
            return
        total = job.total
        if total is None:
            total = await asyncio.to_thread(count_rows, self._path, self._source)
        async with job.transaction() as connection:
            if self._is_dry:
                await kept_rows.clear(connection, job.organisation_id, job.id)
            await self._save(connection, self._at, total=total)

    async def _chunks(self, beside: Beside) -> AsyncGenerator[tuple[Chunk, Checkpoint], None]:
        """Prepared rows; the next chunk is made while the caller writes this one."""
        following = asyncio.create_task(self._next(beside))
        try:
            while (chunk := await following) is not None:
                following = asyncio.create_task(self._next(beside))
                yield chunk
        finally:
            await asyncio.wait({following})  # a thread cannot be cancelled
            if not following.cancelled():
                following.exception()

    async def _next(self, beside: Beside) -> tuple[Chunk, Checkpoint] | None:
        await self._target.refresh()
        return await beside.next(self._target.preparation)

    async def _write(self, rows: Chunk, at: Checkpoint) -> None:
        try:
            await self._write_once(rows, at)
        except REFUSALS as error:
            if len(rows) <= 1:
                for row in rows:
                    row.reasons.append(reason(None, "", f"The database refuses it: {error}"))
                return await self._write_once(rows, at)
            half = len(rows) // 2
            await self._write(rows[:half], rows[half - 1].at)
            await self._write(rows[half:], at)

    async def _write_once(self, rows: Chunk, at: Checkpoint) -> None:
        if self._is_dry:
            async with self._planning_transaction() as planning:
                outcome = await self._target.write(planning, rows)
            async with self._job.transaction() as connection:
                await self._keep(connection, outcome, at)
        else:
            async with self._job.transaction() as connection:
                outcome = await self._target.write(connection, rows)
                await self._keep(connection, outcome, at)
        self._at = at
        self._counts = _added(self._counts, outcome.counts)

    async def _keep(self, connection: Connection, outcome: Outcome, at: Checkpoint) -> None:
        key = (self._job.organisation_id, self._job.id)
        refused = [(row, None) for row in outcome.refused]
        await kept_rows.keep(connection, *key, status="refused", rows=refused)
        await kept_rows.keep(connection, *key, status="postponed", rows=outcome.postponed)
        await self._save(connection, at, counts=_added(self._counts, outcome.counts))

    async def _link_some(self) -> bool:
        """The links that were put off, some at a time; False when there are none left."""
        key = (self._job.organisation_id, self._job.id)
        async with self._job.transaction() as connection:
            rows = await kept_rows.read_postponed(connection, *key, most=LINKED_AT_ONCE)
            if not rows:
                return False
            if self._is_dry:
                async with self._planning_transaction() as planning:
                    outcome = await self._target.link(planning, rows)
            else:
                outcome = await self._target.link(connection, rows)
            await kept_rows.settle(connection, *key, [each.row.number for each in rows])
            ids: dict[int, UUID] = {each.row.number: each.record_id for each in rows}
            incomplete = [(row, ids[row.number]) for row in outcome.refused]
            await kept_rows.keep(connection, *key, status=INCOMPLETE, rows=incomplete)
            outcome.counts[INCOMPLETE] = outcome.counts.pop(REFUSED)
            counts = _added(self._counts, outcome.counts)
            await self._save(connection, self._at, counts=counts)
        self._counts = counts
        return True

    async def _save(
        self, connection: Connection, at: Checkpoint, *, total: int | None = None,
        counts: Mapping[str, int] | None = None,
    ) -> None:  # fmt: skip
        counts = dict(self._counts if counts is None else counts)
        errors = counts[REFUSED] + counts[INCOMPLETE]
        result = {"url": f"{self._url}/errors.csv" if errors else self._url, "counts": counts}
        checkpoint = {"at": list(at), "counts": counts, "tries": self._tries}
        await self._job.save(
            connection,
            done=at.number,
            total=total,
            errors=errors,
            checkpoint=checkpoint,
            result=result,
        )

    @asynccontextmanager
    async def _planned_if_dry(self) -> AsyncIterator[None]:
        if not self._is_dry:
            yield
            return
        async with self._job.database.pool.acquire(timeout=5) as connection:
            self._planning = connection
            async with self._planning_transaction() as planning:
                await begin_planning(planning, self._target.resources)
            try:
                yield
            finally:
                await end_planning(connection, self._target.resources)

    @asynccontextmanager
    async def _planning_transaction(self) -> AsyncIterator[Connection]:
        assert self._planning is not None
        async with self._planning.transaction():
            await self._planning.execute(
                "SELECT set_config('app.organisation_id', $1, true)", str(self._job.organisation_id)
            )
            yield self._planning


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in COUNTS}

"""The job that makes a snapshot: facts become months of Parquet, features are computed of them, sums are checked."""

from collections.abc import Mapping
from functools import partial
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from guanxi_analytics.reports.kept import PACKAGE, version_of
from guanxi_analytics.settings import Settings, settings
from guanxi_shared import logs
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from guanxi_shared.jobs import create_job, to_json
from guanxi_shared.learners import learner
from guanxi_shared.rounds import go_round
from guanxi_shared.running_jobs import JobFailed, RunningJob
from guanxi_shared.schedules import schedule
from guanxi_shared.settings import common

KIND: Final = "snapshot-facts"
KEPT: Final = 10  # snapshots
CODE_VERSION: Final = version_of(PACKAGE / "features", PACKAGE / "columnar")
FILES: Final = """
SELECT DISTINCT m ->> 'file' AS file FROM (
  SELECT months FROM fact_snapshots WHERE organisation_id = $1 ORDER BY made_at DESC, id DESC LIMIT $2) AS s,
  jsonb_array_elements(s.months) AS m
"""
KEEP: Final = """
INSERT INTO fact_snapshots (organisation_id, id, watermark, rows, months, engine, code_version, features, compared)
VALUES ($1, $2, $3::text::jsonb, $4, $5::text::jsonb, $6, $7, $8::text::jsonb, $9::text::jsonb)
"""
FORGET: Final = """
DELETE FROM fact_snapshots WHERE organisation_id = $1 AND id NOT IN (
  SELECT id FROM fact_snapshots WHERE organisation_id = $1 ORDER BY made_at DESC, id DESC LIMIT $2)
"""
# Once a day, of whoever's facts changed since the last one.
DUE: Final = """
SELECT EXISTS (SELECT FROM fact_marks WHERE organisation_id = $1 AND changed_at > coalesce(
    (SELECT max(made_at) FROM fact_snapshots WHERE organisation_id = $1), '-infinity') - interval '5 minutes')
  AND NOT EXISTS (SELECT FROM fact_snapshots WHERE organisation_id = $1 AND made_at > clock_timestamp() - interval '20 hours')
  AND NOT EXISTS (SELECT FROM jobs WHERE organisation_id = $1 AND kind = $2 AND status IN ('queued', 'running'))
"""


async def snapshot_facts(job: RunningJob) -> None:
    """The files are there before the row that names them; a job that dies leaves files that the next one sweeps."""
    own = settings()
    async with job.transaction() as connection:
        kept = await connection.fetch(FILES, job.organisation_id, KEPT - 1)
    async with learner(snapshot_beside) as beside:
        await beside.ask({
            "organisation": str(job.organisation_id), "url": own.database_url, "place": place_of(own),
            "engine": own.engine, "kept": [row["file"] for row in kept],
        })  # fmt: skip
        found = await beside.answer()
    if "refused" in found:
        raise JobFailed(found["refused"])
    await _keep(job, own.engine, found)


async def _keep(job: RunningJob, engine: str, found: Mapping[str, Any]) -> None:
    organisation, id = job.organisation_id, new_id()
    documents = [to_json(found[name]) for name in ("features", "compared")]
    rows = sum(month["rows"] for month in found["months"])
    if found["compared"].get("differ"):
        LOG.error("sums that are kept differ from sums made anew", **found["compared"])
    async with job.transaction() as connection:
        await connection.execute(
            KEEP, organisation, id, to_json(found["marks"]), rows, to_json(found["months"]), engine,
            CODE_VERSION, *documents,
        )  # fmt: skip
        await connection.execute(FORGET, organisation, KEPT)
        result = {"url": f"/v1/analytics/snapshots/{id}"}
        await job.save(connection, done=rows, total=rows, result=result)


def place_of(own: Settings) -> str:
    return own.columns or str(Path(common().data_dir, "columns").absolute())


def snapshot_beside(pipe: Pipe) -> None:
    """Imported there, so that the worker never loads what columns take."""
    from guanxi_analytics.columnar.exporting import serve

    serve(pipe)


@schedule("*/15 * * * *", name="snapshot-facts")
async def ask_for_snapshots(database: Database) -> None:
    await go_round(database, partial(_ask, database), what="asking for snapshots")


async def _ask(database: Database, organisation: UUID) -> None:
    async with database.transaction(organisation) as connection:
        if await connection.fetchval(DUE, organisation, KIND):
            await create_job(connection, organisation, kind=KIND, params={}, created_by=None)


LOG = logs.logger("snapshots")

"""The job after a scorecard has changed: open leads are scored anew, in chunks."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.errands import house_of
from guanxi_pipeline.leads.known import read_ways
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.scorecards.scoring import scored
from guanxi_shared import delegation
from guanxi_shared.calls import Call, House
from guanxi_shared.db import Connection
from guanxi_shared.errands import as_call
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.running_jobs import RunningJob

AT_ONCE: Final = 200
NIL: Final = UUID(int=0)
NEXT: Final = """
SELECT id FROM leads WHERE organisation_id = $1 AND id > $2 AND deleted_at IS NULL
  AND status IN ('new', 'working', 'qualified') ORDER BY id LIMIT $3
"""


async def rescore_leads(job: RunningJob) -> None:
    async with house_of(job.database) as here:
        await rescore(job, here)


async def rescore(job: RunningJob, here: House) -> None:
    call = as_call(here, delegation.from_params(job.params["by"]), "scorecard")
    after = UUID(job.checkpoint["after"]) if "after" in job.checkpoint else NIL
    while True:
        async with job.transaction() as connection:
            rows = await connection.fetch(NEXT, job.organisation_id, after, AT_ONCE)
            if not rows:
                return
            await _score(call, connection, [row["id"] for row in rows])
            after = rows[-1]["id"]
            done = job.done + len(rows)
            await job.save(connection, done=done, checkpoint={"after": str(after)})


async def _score(call: Call, connection: Connection, ids: list[Any]) -> None:
    """By the scorecard as it is now, which may be a newer one than the job was made for."""
    card = (await read_ways(call.db, call.organisation)).scorecard
    loaded = await load_many(connection, LEADS, ids)
    changes = []
    for lead in loaded.values():
        columns = await scored(call, connection, card, lead.row, datetime.now(UTC))
        if columns:
            changes.append(Change(lead, columns))
    await write_many(connection, LEADS, changes, actor=call.actor)

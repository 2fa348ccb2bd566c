"""All accounts are looked at anew, in chunks: by a job after a territory has changed, and every night, which mends what a
cancelled job has left."""

from functools import partial
from typing import Final
from uuid import UUID

from guanxi_pipeline.territories.assigning import BY_THE_SERVICE, assign_following
from guanxi_shared import delegation
from guanxi_shared.db import Database
from guanxi_shared.rounds import go_round
from guanxi_shared.running_jobs import RunningJob
from guanxi_shared.schedules import schedule

AT_ONCE: Final = 5_000
NIL: Final = UUID(int=0)
IS_OVERTAKEN: Final = """
SELECT EXISTS (SELECT FROM jobs later JOIN jobs own ON own.organisation_id = later.organisation_id AND own.id = $2
  WHERE later.organisation_id = $1 AND later.kind = own.kind AND later.status = 'queued' AND later.created_at > own.created_at)
"""


async def assign_territories(job: RunningJob) -> None:
    """By the territories as they are at each chunk, which may be newer than the job; one that waits behind it does the
    same, with more."""
    actor = delegation.actor_of(delegation.from_params(job.params["by"]), "territory")
    after = UUID(job.checkpoint["after"]) if "after" in job.checkpoint else NIL
    while True:
        async with job.transaction() as connection:
            if await connection.fetchval(IS_OVERTAKEN, job.organisation_id, job.id):
                return
            last, count = await assign_following(
                connection, job.organisation_id, after, AT_ONCE, actor=actor
            )
            if last is None:
                return
            after = last
            await job.save(connection, done=job.done + count, checkpoint={"after": str(after)})


@schedule("41 2 * * *", name="assign-territories-nightly")
async def assign_every_night(database: Database) -> None:
    await go_round(database, partial(assign_organisation, database), what="assigning territories")


async def assign_organisation(database: Database, organisation: UUID) -> None:
    after: UUID | None = NIL
    while after is not None:
        async with database.transaction(organisation) as connection:
            after, _ = await assign_following(
                connection, organisation, after, AT_ONCE, actor=BY_THE_SERVICE
            )

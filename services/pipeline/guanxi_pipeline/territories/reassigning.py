"""The job after a territory has changed: all accounts are looked at anew, in chunks."""

from typing import Final
from uuid import UUID

from guanxi_pipeline.territories.assigning import assign_following
from guanxi_shared import delegation
from guanxi_shared.running_jobs import RunningJob

AT_ONCE: Final = 5_000
NIL: Final = UUID(int=0)


async def assign_territories(job: RunningJob) -> None:
    """By the territories as they are at each chunk, which may be newer than the job."""
    actor = delegation.actor_of(delegation.from_params(job.params["by"]), "territory")
    after = UUID(job.checkpoint["after"]) if "after" in job.checkpoint else NIL
    while True:
        async with job.transaction() as connection:
            last, count = await assign_following(
                connection, job.organisation_id, after, AT_ONCE, actor=actor
            )
            if last is None:
                return
            after = last
            await job.save(connection, done=job.done + count, checkpoint={"after": str(after)})

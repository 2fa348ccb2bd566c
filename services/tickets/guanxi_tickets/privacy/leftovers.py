"""What a committed erasure leaves outside the database: bytes of files. A job that was committed with it
removes them; its params hold ids alone."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_shared.files.storage import key_of, storage_of
from guanxi_shared.jobs import create_job
from guanxi_shared.running_jobs import RunningJob
from guanxi_tickets.settings import settings

LEFTOVERS: Final = "erase-leftovers"


async def leave_blobs(
    connection: Connection, organisation: UUID, blobs: Sequence[tuple[str, UUID]]
) -> None:
    """For the worker, once this is committed."""
    if blobs:
        params = {"blobs": [[storage, str(blob_id)] for storage, blob_id in blobs]}
        await create_job(connection, organisation, kind=LEFTOVERS, params=params)


async def erase_leftovers(job: RunningJob) -> None:
    """Removing what is gone already does no harm."""
    for storage, blob_id in job.params["blobs"]:
        key = key_of(job.organisation_id, UUID(blob_id))
        await storage_of(settings(), storage).delete(key)

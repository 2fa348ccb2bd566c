"""What a committed erasure leaves outside the database: kept files of imports and exports that name
somebody. A job that was committed with it removes them; its params hold ids and names of files alone."""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from guanxi_pipeline.settings import settings
from guanxi_shared.db import Connection
from guanxi_shared.erasing.kept_files import remove_kept
from guanxi_shared.jobs import create_job
from guanxi_shared.running_jobs import RunningJob

KIND: Final = "erase-leftovers"


async def leave(
    connection: Connection, organisation: UUID, imports: Sequence[UUID], exports: Sequence[str]
) -> None:
    """For the worker, once this is committed."""
    if not imports and not exports:
        return
    params = {"imports": [str(each) for each in imports], "exports": list(exports)}
    await create_job(connection, organisation, kind=KIND, params=params, created_by=None)


async def erase_leftovers(job: RunningJob) -> None:
    imports = [UUID(each) for each in job.params["imports"]]
    await asyncio.to_thread(
        remove_kept, settings().files_dir, job.organisation_id, imports, job.params["exports"]
    )

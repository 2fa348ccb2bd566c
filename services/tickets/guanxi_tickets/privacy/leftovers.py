"""What a committed erasure leaves outside the database: bytes of files, kept files of imports and exports that
name somebody, and letters that were kept as files. A job that was committed with it removes them; its params hold ids and names of files alone."""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_shared.erasing.kept_files import remove_kept
from guanxi_shared.files.storage import key_of, storage_of
from guanxi_shared.jobs import create_job
from guanxi_shared.mail import remove_letters
from guanxi_shared.running_jobs import RunningJob
from guanxi_shared.settings import common
from guanxi_tickets.letters.delivering import folder_of
from guanxi_tickets.settings import settings

LEFTOVERS: Final = "erase-leftovers"


async def leave(
    connection: Connection, organisation: UUID, blobs: Sequence[tuple[str, UUID]],
    imports: Sequence[UUID], exports: Sequence[str], letters: Sequence[UUID],
) -> None:  # fmt: skip
    """For the worker, once this is committed."""
    if not (blobs or imports or exports or letters):
        return
    params = {
        "blobs": [[storage, str(blob_id)] for storage, blob_id in blobs],
        "imports": [str(each) for each in imports], "exports": list(exports),
        "letters": [str(each) for each in letters],
    }  # fmt: skip
    await create_job(connection, organisation, kind=LEFTOVERS, params=params)


async def erase_leftovers(job: RunningJob) -> None:
    """Removing what is gone already does no harm."""
    for storage, blob_id in job.params["blobs"]:
        key = key_of(job.organisation_id, UUID(blob_id))
        await storage_of(settings(), storage).delete(key)
    # Jobs of before 0080 have bytes alone.
    imports = [UUID(each) for each in job.params.get("imports", ())]
    exports = job.params.get("exports", ())
    await asyncio.to_thread(
        remove_kept, settings().files_dir, job.organisation_id, imports, exports
    )
    letters = job.params.get("letters", ())
    await asyncio.to_thread(remove_letters, folder_of(common()), letters)

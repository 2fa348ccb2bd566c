"""What a committed erasure leaves outside the database: bytes of files, kept tables, archives.

They are removed at once after the commit, and by a job that was committed with it, in case the
process dies in between. The job's params hold ids and nothing else of the person.
"""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from guanxi_contacts.settings import Settings, settings
from guanxi_shared.erasing.kept_files import remove_kept
from guanxi_shared.files.storage import key_of, storage_of
from guanxi_shared.running_jobs import RunningJob

KIND: Final = "erase-leftovers"


@dataclass(frozen=True, slots=True)
class Leftovers:
    organisation_id: UUID
    person_id: UUID
    blobs: tuple[tuple[str, UUID], ...]  # storage, bytes
    imports: tuple[UUID, ...]
    exports: tuple[str, ...]  # names of files

    def as_params(self) -> dict[str, Any]:
        return {
            "person": self.person_id.hex,
            "blobs": [[storage, str(blob_id)] for storage, blob_id in self.blobs],
            "imports": [str(each) for each in self.imports],
            "exports": list(self.exports),
        }

    @classmethod
    def of_job(cls, organisation_id: UUID, params: Mapping[str, Any]) -> "Leftovers":
        return cls(
            organisation_id,
            UUID(params["person"]),
            tuple((storage, UUID(blob_id)) for storage, blob_id in params["blobs"]),
            tuple(UUID(each) for each in params["imports"]),
            tuple(params["exports"]),
        )


async def remove_leftovers(here: Settings, left: Leftovers) -> None:
    """Removing what is gone already does no harm."""
    for storage, blob_id in left.blobs:
        await storage_of(here, storage).delete(key_of(left.organisation_id, blob_id))
    await asyncio.to_thread(_remove_files, here.files_dir, left)


def _remove_files(files_dir: Path, left: Leftovers) -> None:
    remove_kept(files_dir, left.organisation_id, left.imports, left.exports)
    shutil.rmtree(archives_of(files_dir, left.organisation_id, left.person_id), ignore_errors=True)


def archives_of(files_dir: Path, organisation_id: UUID, person_id: UUID) -> Path:
    """The folder of one person's archives, so that they go with the person."""
    return files_dir / "archives" / str(organisation_id) / str(person_id)


async def erase_leftovers(job: RunningJob) -> None:
    await remove_leftovers(settings(), Leftovers.of_job(job.organisation_id, job.params))

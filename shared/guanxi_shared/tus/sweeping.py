"""Uploads that nobody went on with, and bytes that no upload knows."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from guanxi_shared.db import Database
from guanxi_shared.files.settings import FileSettings
from guanxi_shared.files.storage import UNFINISHED, blob_of, key_of, storage_of
from guanxi_shared.files.sweeping import ORPHANED_AFTER

OVER: Final = "DELETE FROM uploads"  # by its policy: of all organisations, those that are over
KNOWN: Final = """
SELECT blob_id FROM uploads WHERE organisation_id = $1 AND blob_id = ANY($2::uuid[]) AND completed_at IS NULL
"""


async def sweep(database: Database, here: FileSettings) -> None:
    """Rows first: bytes without a row are found, the other way round nothing is."""
    async with database.transaction(None) as connection:
        await connection.execute(OVER)
    found = dict[UUID, list[UUID]]()
    async for key, written_at in storage_of(here, UNFINISHED).blobs():
        blob = blob_of(key, written_at)
        if blob is not None and blob.written_at < datetime.now(UTC) - ORPHANED_AFTER:
            found.setdefault(blob.organisation_id, []).append(blob.blob_id)
    for organisation_id, blob_ids in found.items():
        await _sweep_strays(database, here, organisation_id, blob_ids)


async def _sweep_strays(
    database: Database, here: FileSettings, organisation_id: UUID, blob_ids: list[UUID]
) -> None:
    async with database.transaction(organisation_id) as connection:
        rows = await connection.fetch(KNOWN, organisation_id, blob_ids)
    known = {row["blob_id"] for row in rows}
    strays = [each for each in blob_ids if each not in known]
    await asyncio.to_thread(_unlink, here.files_dir / UNFINISHED, organisation_id, strays)


def _unlink(folder: Path, organisation_id: UUID, blob_ids: list[UUID]) -> None:
    for blob_id in blob_ids:
        (folder / key_of(organisation_id, blob_id)).unlink(missing_ok=True)

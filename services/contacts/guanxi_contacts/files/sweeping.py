"""What nobody needs any more: bytes without a row, and files that were deleted a month ago."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from guanxi_contacts.files.storage import Blob, Storage, blob_of, key_of, name_of, storage_of
from guanxi_contacts.settings import Settings, settings
from guanxi_shared import logs
from guanxi_shared.db import Database
from guanxi_shared.schedules import schedule

ORPHANED_AFTER = timedelta(hours=24)  # longer than any upload takes
AT_ONCE = 1_000

KNOWN = "SELECT blob_id FROM files WHERE organisation_id = $1 AND blob_id = ANY($2::uuid[]) AND erased_at IS NULL"
# Rows and bytes of what was deleted; the log keeps that there was a file. Not what proves a consent,
# nor what belongs to somebody on legal hold.
PURGE = """
DELETE FROM files f WHERE f.organisation_id = $1 AND f.deleted_at < now() - make_interval(days => $2)
  AND f.erased_at IS NULL
  AND NOT EXISTS (SELECT FROM consents c WHERE c.organisation_id = $1 AND c.file_id = f.id)
  AND NOT EXISTS (SELECT FROM file_links l JOIN legal_holds h ON h.organisation_id = l.organisation_id
    AND h.subject_type = l.subject_type AND h.subject_id = l.subject_id AND h.released_at IS NULL
    WHERE l.organisation_id = $1 AND l.file_id = f.id)
RETURNING blob_id, storage
"""


@schedule("47 2 * * *", name="sweep-files")
async def sweep_files(database: Database) -> None:
    here = settings()
    await asyncio.to_thread(_sweep_incoming, here.files_dir / "incoming")
    for name in {"local", name_of(here)}:
        await sweep_storage(database, storage_of(here, name), here)


async def sweep_storage(database: Database, storage: Storage, here: Settings) -> int:
    """Everything in a storage, an organisation at a time: rows of all are seen by nobody."""
    found: dict[UUID, list[Blob]] = defaultdict(list)
    swept = 0
    async for key, written_at in storage.blobs():
        if (blob := blob_of(key, written_at)) is not None:
            found[blob.organisation_id].append(blob)
        if sum(map(len, found.values())) >= AT_ONCE:
            swept += await _sweep(database, storage, found, here)
            found.clear()
    swept += await _sweep(database, storage, found, here)
    _log.info("files swept", blobs=swept)
    return swept


async def _sweep(
    database: Database, storage: Storage, found: dict[UUID, list[Blob]], here: Settings
) -> int:
    gone = 0
    for organisation_id, blobs in found.items():
        gone += await _purge(database, organisation_id, here)
        orphans = await _orphans(database, organisation_id, blobs)
        await delete_blobs(storage, organisation_id, orphans)
        gone += len(orphans)
    return gone


async def _purge(database: Database, organisation_id: UUID, here: Settings) -> int:
    async with database.transaction(organisation_id) as connection:
        rows = await connection.fetch(PURGE, organisation_id, here.deleted_files_kept_days)
    for row in rows:  # after the commit: bytes without a row are found again, a row without is not
        storage = storage_of(here, row["storage"])
        await storage.delete(key_of(organisation_id, row["blob_id"]))
    return len(rows)


async def _orphans(database: Database, organisation_id: UUID, blobs: Iterable[Blob]) -> list[UUID]:
    limit = datetime.now(UTC) - ORPHANED_AFTER
    old = [blob.blob_id for blob in blobs if blob.written_at < limit]
    if not old:
        return []
    async with database.transaction(organisation_id) as connection:
        known = {row["blob_id"] for row in await connection.fetch(KNOWN, organisation_id, old)}
    return [blob_id for blob_id in old if blob_id not in known]


async def delete_blobs(storage: Storage, organisation_id: UUID, blob_ids: Iterable[UUID]) -> None:
    for blob_id in blob_ids:
        await storage.delete(key_of(organisation_id, blob_id))


def _sweep_incoming(folder: Path) -> None:
    for path in folder.glob("*.part"):
        try:
            age = time.time() - path.stat().st_mtime
        except FileNotFoundError:  # its upload has ended meanwhile
            continue
        if age > ORPHANED_AFTER.total_seconds():
            path.unlink(missing_ok=True)


_log = logs.logger("files")

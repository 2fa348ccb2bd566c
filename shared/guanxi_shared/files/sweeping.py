"""What nobody needs any more: bytes without a row, and files that were deleted a month ago."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from guanxi_shared import logs
from guanxi_shared.db import Database
from guanxi_shared.files.settings import FileSettings
from guanxi_shared.files.storage import Blob, Storage, blob_of, key_of, name_of, storage_of

ORPHANED_AFTER = timedelta(hours=24)  # longer than any upload takes
AT_ONCE = 1_000
KNOWN = "SELECT blob_id FROM {table} WHERE organisation_id = $1 AND blob_id = ANY($2::uuid[]) AND erased_at IS NULL"


@dataclass(frozen=True, slots=True)
class Sweeping:
    """A service's tables of files, and the statements that delete rows of theirs: $1 the organisation, $2
    how many days what was deleted is kept; each returns `blob_id` and `storage` of what went. The log keeps
    that there was a file."""

    tables: Sequence[str]
    purges: Sequence[str]


async def sweep(database: Database, here: FileSettings, sweeping: Sweeping) -> None:
    """A night's round: uploads that broke off, and everything in the storages that are in use."""
    await asyncio.to_thread(_sweep_incoming, here.files_dir / "incoming")
    for name in {"local", name_of(here)}:
        await sweep_storage(database, storage_of(here, name), here, sweeping)


async def sweep_storage(
    database: Database, storage: Storage, here: FileSettings, sweeping: Sweeping
) -> int:
    """Everything in a storage, an organisation at a time: rows of all are seen by nobody."""
    found: dict[UUID, list[Blob]] = defaultdict(list)
    swept = 0
    async for key, written_at in storage.blobs():
        if (blob := blob_of(key, written_at)) is not None:
            found[blob.organisation_id].append(blob)
        if sum(map(len, found.values())) >= AT_ONCE:
            swept += await _sweep(database, storage, found, here, sweeping)
            found.clear()
    swept += await _sweep(database, storage, found, here, sweeping)
    _log.info("files swept", blobs=swept)
    return swept


async def _sweep(
    database: Database, storage: Storage, found: dict[UUID, list[Blob]], here: FileSettings,
    sweeping: Sweeping,
) -> int:  # fmt: skip
    gone = 0
    for organisation_id, blobs in found.items():
        gone += await _purge(database, organisation_id, here, sweeping)
        orphans = await _orphans(database, organisation_id, blobs, sweeping)
        await delete_blobs(storage, organisation_id, orphans)
        gone += len(orphans)
    return gone


async def _purge(
    database: Database, organisation_id: UUID, here: FileSettings, sweeping: Sweeping
) -> int:
    rows = []
    async with database.transaction(organisation_id) as connection:
        for purge in sweeping.purges:
            rows += await connection.fetch(purge, organisation_id, here.deleted_files_kept_days)
    for row in rows:  # after the commit: bytes without a row are found again, a row without is not
        storage = storage_of(here, row["storage"])
        await storage.delete(key_of(organisation_id, row["blob_id"]))
    return len(rows)


async def _orphans(
    database: Database, organisation_id: UUID, blobs: Iterable[Blob], sweeping: Sweeping
) -> list[UUID]:
    limit = datetime.now(UTC) - ORPHANED_AFTER
    old = [blob.blob_id for blob in blobs if blob.written_at < limit]
    if not old:
        return []
    known = " UNION ALL ".join(KNOWN.format(table=table) for table in sweeping.tables)
    async with database.transaction(organisation_id) as connection:
        there = {row["blob_id"] for row in await connection.fetch(known, organisation_id, old)}
    return [blob_id for blob_id in old if blob_id not in there]


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

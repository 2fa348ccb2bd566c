"""Everything about a person as one ZIP: the record as JSON, all else as NDJSON, the files as they are."""

import asyncio
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_contacts.privacy.leftovers import archives_of
from guanxi_contacts.privacy.persons import ACCOUNT, CONTACT, Kind
from guanxi_contacts.privacy.places import PLACES
from guanxi_contacts.settings import settings
from guanxi_shared import records
from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import NotFound
from guanxi_shared.files.rules import Span, file_name
from guanxi_shared.files.storage import key_of, storage_of
from guanxi_shared.records import state_bytes
from guanxi_shared.running_jobs import JobFailed, RunningJob
from guanxi_shared.schedules import schedule
from guanxi_shared.visibility import EVERYTHING

KINDS: Final = {kind.noun: kind for kind in (CONTACT, ACCOUNT)}
KEPT_SECONDS: Final = 7 * 86_400.0
BLOBS = """
SELECT f.id, f.name, f.size, f.blob_id, f.storage FROM files f JOIN file_links l
  ON l.organisation_id = f.organisation_id AND l.file_id = f.id
WHERE f.organisation_id = $1 AND l.subject_id = $2 AND l.subject_type = $3 AND f.erased_at IS NULL
ORDER BY f.id
"""


def file_of(files_dir: Path, organisation_id: UUID, person_id: UUID, job_id: UUID) -> Path:
    return archives_of(files_dir, organisation_id, person_id) / f"{job_id}.zip"


async def write_archive(job: RunningJob) -> None:
    """Written anew when it was broken off: the file is there only when it is whole."""
    kind, person_id = KINDS[job.params["noun"]], UUID(job.params["person_id"])
    target = file_of(settings().files_dir, job.organisation_id, person_id, job.id)
    await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    with await asyncio.to_thread(zipfile.ZipFile, part, "w", zipfile.ZIP_DEFLATED) as archive:
        count = await _fill(job, kind, person_id, archive)
    async with job.transaction() as connection:
        # Under the person's lock: an erasure that comes first leaves nothing to be archived, one
        # that comes later finds the file.
        await _load(connection, kind, person_id)
        await asyncio.to_thread(part.replace, target)
        url = f"/v1/{kind.resource.name}/{person_id}/archives/{job.id}/file"
        await job.save(
            connection, done=count, total=count, result={"url": url, "counts": {"entries": count}}
        )


async def _fill(job: RunningJob, kind: Kind, person_id: UUID, archive: zipfile.ZipFile) -> int:
    counts: dict[str, int] = {}
    async with job.transaction() as connection:
        state = await _load(connection, kind, person_id)
        archive.writestr(f"{kind.noun}.json", state_bytes(state))
        for place in PLACES:
            if place.archive is None:
                continue
            whose = (job.organisation_id, person_id, kind.noun)
            rows = await connection.fetch(
                f"SELECT row::text FROM ({place.archive}) AS found", *whose
            )
            lines = b"".join(_line(row["row"]) for row in rows)
            archive.writestr(f"{place.table}.ndjson", lines)
            counts[place.table] = len(rows)
        blobs = await connection.fetch(BLOBS, job.organisation_id, person_id, kind.noun)
    for blob in blobs:
        await _add_file(job, archive, dict(blob))
    about = {
        kind.noun: str(person_id), "made_at": datetime.now(UTC), "counts": counts,
        "files": [f"files/{row['id']}/{file_name(row['name'])}" for row in blobs],
    }  # fmt: skip
    archive.writestr(
        "manifest.json", orjson.dumps(about, option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2)
    )
    return 1 + sum(counts.values()) + len(blobs)


async def _load(connection: Connection, kind: Kind, person_id: UUID) -> dict[str, Any]:
    """The record as it is, deleted or not, but not when it was erased meanwhile."""
    loaded = None
    for deleted in (False, True):
        try:
            loaded = await records.load_record(
                connection,
                kind.resource,
                person_id,
                scope=EVERYTHING,
                to_write=False,
                deleted=deleted,
            )
            break
        except NotFound:
            continue
    if loaded is None or loaded.row["erased_at"] is not None:
        raise JobFailed("This person is not there any more.")
    return kind.resource.state(loaded.row, loaded.computed)


def _line(text: str) -> bytes:
    row = orjson.loads(text)
    row.pop("organisation_id", None)
    return orjson.dumps(row) + b"\n"


async def _add_file(job: RunningJob, archive: zipfile.ZipFile, row: dict[str, Any]) -> None:
    storage, key = (
        storage_of(settings(), row["storage"]),
        key_of(job.organisation_id, row["blob_id"]),
    )
    name = f"files/{row['id']}/{file_name(row['name'])}"
    try:
        pieces = await storage.open(key, Span(0, row["size"]))
    except NotFound:  # the manifest says that there was one
        archive.writestr(f"{name}.missing", b"")
        return
    with archive.open(name, "w", force_zip64=True) as entry:
        async for piece in pieces:
            await asyncio.to_thread(entry.write, piece)


@schedule("57 2 * * *", name="delete-old-archives")
async def delete_old_archives(database: Database) -> None:
    """A week is long enough to hand one over."""
    await asyncio.to_thread(_delete_old, settings().files_dir / "archives")


def _delete_old(folder: Path) -> None:
    for path in folder.glob("*/*/*"):
        if path.is_file() and time.time() - path.stat().st_mtime > KEPT_SECONDS:
            path.unlink(missing_ok=True)

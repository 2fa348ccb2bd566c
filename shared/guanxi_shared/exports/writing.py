"""The job of an export, and the files that exports and imports leave behind."""

import asyncio
import os
import time
from pathlib import Path
from typing import Final

from guanxi_shared import delegation
from guanxi_shared.db import Database
from guanxi_shared.exports.service import Table, file_of, table_for_job
from guanxi_shared.exports.tables import Tables
from guanxi_shared.running_jobs import RunningJob
from guanxi_shared.schedules import delete_expired
from guanxi_shared.tables.writers import XlsxWriter

DAY: Final = 86_400.0
FILES_KEPT: Final = 30 * DAY
PARTS_KEPT: Final = 1 * DAY


async def write_file(job: RunningJob, tables: Tables, files_dir: Path) -> None:
    """A broken-off export is written anew: its file is there only when it is whole."""
    request = tables.request.model_validate(job.params["request"])
    by = delegation.from_params(job.params["by"])
    table = await table_for_job(job.database, by, tables, request)
    target = file_of(files_dir, job.organisation_id, job.id, request.format)
    _make_folder(target)
    part = target.with_suffix(".part")
    if request.format == "xlsx":
        await _write_workbook(job, table, part)
    else:
        await _write_stream(job, table, part)
    part.replace(target)
    async with job.transaction() as connection:
        result = {"url": f"/v1/exports/{job.id}/file", "counts": {"exported": job.done}}
        await job.save(connection, total=job.done, result=result)


async def _write_stream(job: RunningJob, table: Table, part: Path) -> None:
    writer, done = table.writer(), 0
    with part.open("wb") as file:
        file.write(writer.start())
        async for rows in table.pages():
            file.write(await asyncio.to_thread(writer.rows, rows))
            done += len(rows)
            await _note(job, done)
        file.flush()
        os.fsync(file.fileno())


async def write_workbook(table: Table, part: Path) -> None:
    """For a request that waits for it."""
    _make_folder(part)
    with XlsxWriter(part, table.columns, sheet=table.resource.name) as book:
        async for rows in table.pages():
            await asyncio.to_thread(_add, book, rows)


async def _write_workbook(job: RunningJob, table: Table, part: Path) -> None:
    done = 0
    with XlsxWriter(part, table.columns, sheet=table.resource.name) as book:
        async for rows in table.pages():
            await asyncio.to_thread(_add, book, rows)
            done += len(rows)
            await _note(job, done)


def _make_folder(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)


def _add(book: XlsxWriter, rows: list[dict[str, object]]) -> None:
    for row in rows:
        book.add_row(row)


async def _note(job: RunningJob, done: int) -> None:
    async with job.transaction() as connection:
        await job.save(connection, done=done)


async def delete_transfers(database: Database, files_dir: Path) -> None:
    """Uploaded and exported files after a month, halves of files after a day, imports with their rows."""
    await delete_expired(database, "imports")
    await asyncio.to_thread(_delete_files, files_dir)


def _delete_files(files_dir: Path) -> None:
    now = time.time()
    for folder in ("imports", "exports"):
        for path in (files_dir / folder).rglob("*"):
            kept = PARTS_KEPT if path.suffix == ".part" else FILES_KEPT
            if path.is_file() and now - path.stat().st_mtime > kept:
                path.unlink(missing_ok=True)

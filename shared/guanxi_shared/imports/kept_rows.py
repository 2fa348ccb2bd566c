"""Rows of a file that did not go through, or not wholly: the table `import_rows` of a service.

refused     nothing was written
postponed   written, but it names a record that may come further down in the file
incomplete  written, but what it names was not found
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared.db import Connection, Database
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.tables.writers import CsvWriter

PAGE = 1_000
LINE_COLUMN, REASON_COLUMN = "Line in file", "Not imported because"

KEEP = """
INSERT INTO import_rows (organisation_id, job_id, number, line, status, cells, reasons, record_id, reference)
SELECT $1, $2, r.number, r.line, r.status, r.cells::jsonb, r.reasons::jsonb, r.record_id, r.reference::jsonb
FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::text[])
  AS r (number, line, status, cells, reasons, record_id, reference)
"""
POSTPONED = """
SELECT number, line, cells::text, record_id, reference::text FROM import_rows
WHERE organisation_id = $1 AND job_id = $2 AND status = 'postponed' ORDER BY number LIMIT $3
"""
SETTLE = "DELETE FROM import_rows WHERE organisation_id = $1 AND job_id = $2 AND number = ANY($3::bigint[])"
CLEAR = "DELETE FROM import_rows WHERE organisation_id = $1 AND job_id = $2"
LISTED = """
SELECT number, line, cells::text, reasons::text FROM import_rows
WHERE organisation_id = $2 AND job_id = $3 AND number > $4 AND status <> 'postponed' ORDER BY number LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class Postponed:
    row: Prepared
    record_id: UUID


async def keep(
    connection: Connection, organisation_id: UUID, job_id: UUID, *, status: str,
    rows: Sequence[tuple[Prepared, UUID | None]],
) -> None:  # fmt: skip
    if not rows:
        return
    await connection.execute(
        KEEP, organisation_id, job_id, [row.number for row, _ in rows], [row.line for row, _ in rows],
        [status] * len(rows), [_json(row.cells) for row, _ in rows], [_json(row.reasons) for row, _ in rows],
        [record_id for _, record_id in rows], [_json(row.references) for row, _ in rows],
    )  # fmt: skip


async def read_postponed(
    connection: Connection, organisation_id: UUID, job_id: UUID, *, most: int
) -> list[Postponed]:
    rows = await connection.fetch(POSTPONED, organisation_id, job_id, most)
    return [
        Postponed(
            Prepared(
                r["number"],
                r["line"],
                orjson.loads(r["cells"]),
                references=orjson.loads(r["reference"]),
            ),
            r["record_id"],
        )
        for r in rows
    ]


async def settle(
    connection: Connection, organisation_id: UUID, job_id: UUID, numbers: Sequence[int]
) -> None:
    await connection.execute(SETTLE, organisation_id, job_id, list(numbers))


async def clear(connection: Connection, organisation_id: UUID, job_id: UUID) -> None:
    await connection.execute(CLEAR, organisation_id, job_id)


async def error_file(
    database: Database, organisation_id: UUID, job_id: UUID, columns: Sequence[str]
) -> AsyncIterator[bytes]:
    """The rows as they were, in their order, with line and reasons behind: correct them, send it again."""
    line, why = _free(LINE_COLUMN, columns), _free(REASON_COLUMN, columns)
    writer = CsvWriter([*columns, line, why])
    yield writer.start()
    number = 0
    while True:
        rows = await database.fetch(organisation_id, LISTED, organisation_id, job_id, number, PAGE)
        if not rows:
            return
        number = rows[-1]["number"]
        yield writer.rows([
            {**orjson.loads(row["cells"]), line: row["line"], why: _sentences(orjson.loads(row["reasons"]))}
            for row in rows
        ])  # fmt: skip


def _sentences(reasons: Sequence[Mapping[str, Any]]) -> str:
    """Each sentence once: of a cell that is split into three, all three may be wrong in one way."""
    return " ".join(dict.fromkeys(str(each["reason"]).rstrip(".") + "." for each in reasons))


def _free(name: str, columns: Sequence[str]) -> str:
    while name in columns:
        name += " (2)"
    return name


def _json(value: Any) -> str:
    """Cells of broken files may hold half a surrogate pair, which neither JSON nor Postgres takes."""
    try:
        return orjson.dumps(value, default=str).decode()
    except TypeError:
        return orjson.dumps(mended(value), default=str).decode()


def mended(value: Any) -> Any:
    """With question marks for halves of surrogate pairs."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {mended(key): mended(item) for key, item in value.items()}
    return [mended(item) for item in value] if isinstance(value, list) else value

"""A report's rows as a file: CSV, a workbook, Parquet."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from guanxi_analytics.press.beside import Press
from guanxi_analytics.reports.running import Ran
from guanxi_analytics.reports.table_rules import Column, columns_of, plain, rows_of
from guanxi_shared.tables.writers import CsvWriter, NdjsonWriter, XlsxWriter

Rows = list[dict[str, Any]]


async def _csv(press: Press, columns: list[Column], rows: Rows) -> bytes:
    writer = CsvWriter([c.name for c in columns], labels={c.name: c.label for c in columns})
    return writer.start() + await asyncio.to_thread(writer.rows, rows)


async def _workbook(press: Press, columns: list[Column], rows: Rows) -> bytes:
    return await asyncio.to_thread(_write_workbook, columns, rows)


def _write_workbook(columns: list[Column], rows: Rows) -> bytes:
    with tempfile.TemporaryDirectory(prefix="guanxi-") as folder:
        path = Path(folder, "report.xlsx")
        labels = {c.name: c.label for c in columns}
        with XlsxWriter(path, [c.name for c in columns], labels=labels, sheet="Report") as book:
            for row in rows:
                book.add_row(row)
        return path.read_bytes()


async def _parquet(press: Press, columns: list[Column], rows: Rows) -> bytes:
    lines = NdjsonWriter([c.name for c in columns]).rows(plain(rows))
    return await press.make(
        "parquet", {"columns": [(c.name, c.kind) for c in columns], "rows": lines}
    )


Write = Callable[[Press, list[Column], Rows], Awaitable[bytes]]
WRITTEN: Final[Mapping[str, tuple[str, Write]]] = {
    "csv": (CsvWriter.content_type, _csv),
    "xlsx": (XlsxWriter.content_type, _workbook),
    "parquet": ("application/vnd.apache.parquet", _parquet),
}


async def export(press: Press, ran: Ran, format: str, language: str) -> bytes:
    found = ran.found
    columns = columns_of(found, language, is_graded=ran.report["is_graded"])
    return await WRITTEN[format][1](press, columns, rows_of(found))

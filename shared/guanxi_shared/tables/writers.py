"""Tables as streams of bytes. Each writer has `start()` and `rows(batch)`, for callers whose rows
come asynchronously; `write_csv` and its like are the same for a plain iterable."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

import orjson

from guanxi_shared.tables.cell_text import cell_text
from guanxi_shared.tables.neutral import neutralise
from guanxi_shared.tables.vcard_writer import VcardWriter, Version
from guanxi_shared.tables.xlsx_writer import XlsxWriter

__all__ = [
    "CsvWriter",
    "NdjsonWriter",
    "StreamWriter",
    "VcardWriter",
    "XlsxWriter",
    "write_csv",
    "write_ndjson",
    "write_vcard",
]

Rows = Iterable[Mapping[str, Any]]
_BATCH = 500


class StreamWriter(Protocol):
    content_type: str

    def start(self) -> bytes: ...

    def rows(self, rows: Rows) -> bytes: ...


class CsvWriter:
    """RFC 4180 in UTF-8. The byte order mark is for Excel, which takes the file for the machine's
    own encoding without it. Texts that a spreadsheet would run get an apostrophe in front."""

    content_type = "text/csv; charset=utf-8"

    def __init__(
        self,
        columns: Sequence[str],
        *,
        labels: Mapping[str, str] | None = None,
        bom: bool = True,
        delimiter: str = ",",
    ) -> None:
        self._columns = tuple(columns)
        self._labels = labels or {}
        self._bom = bom
        self._buffer = io.StringIO(newline="")
        self._writer = csv.writer(self._buffer, delimiter=delimiter, lineterminator="\r\n")

    def start(self) -> bytes:
        self._writer.writerow([neutralise(self._labels.get(name, name)) for name in self._columns])
        return (b"\xef\xbb\xbf" if self._bom else b"") + self._taken()

    def rows(self, rows: Rows) -> bytes:
        columns = self._columns
        self._writer.writerows([[_cell(row.get(name)) for name in columns] for row in rows])
        return self._taken()

    def _taken(self) -> bytes:
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return text.encode("utf-8", "replace")


def _cell(value: object) -> str:
    if isinstance(value, int | float) or value is None:
        return cell_text(value)
    text = cell_text(value)
    return neutralise(text) if isinstance(value, str | list | tuple) else text


class NdjsonWriter:
    """One object a line, values as they are: decimals and ids as strings, times in UTC with Z."""

    content_type = "application/x-ndjson"

    def __init__(self, columns: Sequence[str] | None = None) -> None:
        self._columns = None if columns is None else tuple(columns)

    def start(self) -> bytes:
        return b""

    def rows(self, rows: Rows) -> bytes:
        return b"".join(self._line(row) for row in rows)

    def _line(self, row: Mapping[str, Any]) -> bytes:
        names = row.keys() if self._columns is None else self._columns
        return orjson.dumps(
            {name: row.get(name) for name in names},
            default=cell_text,
            option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z,
        )


def write_csv(
    rows: Rows,
    columns: Sequence[str],
    *,
    labels: Mapping[str, str] | None = None,
    bom: bool = True,
    delimiter: str = ",",
) -> Iterator[bytes]:
    return _stream(CsvWriter(columns, labels=labels, bom=bom, delimiter=delimiter), rows)


def write_ndjson(rows: Rows, columns: Sequence[str] | None = None) -> Iterator[bytes]:
    return _stream(NdjsonWriter(columns), rows)


def write_vcard(rows: Rows, *, version: Version = "4.0") -> Iterator[bytes]:
    return _stream(VcardWriter(version=version), rows)


def _stream(writer: StreamWriter, rows: Rows) -> Iterator[bytes]:
    if begin := writer.start():
        yield begin
    remaining = iter(rows)
    while batch := list(islice(remaining, _BATCH)):
        yield writer.rows(batch)

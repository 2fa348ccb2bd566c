"""Any table file by its content: `sniff` says how to read it, the others read it in a stream.

source = sniff(path)
for batch in read_batches(path, source, size=1_000, start=saved_checkpoint):
    ...                     # one transaction: the rows' work and batch.checkpoint
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from guanxi_shared.tables.csv_reader import CsvRows, sniff_csv
from guanxi_shared.tables.encodings import HEAD, sniff_encoding
from guanxi_shared.tables.ndjson_reader import ndjson_rows, sniff_ndjson
from guanxi_shared.tables.rows import START, Batch, Checkpoint, FileProblem, Reader, Row, Source
from guanxi_shared.tables.vcard_reader import sniff_vcard, vcard_rows
from guanxi_shared.tables.xlsx_reader import sniff_xlsx, xlsx_rows

_OTHERS = {
    b"\xd0\xcf\x11\xe0": "The file is an old .xls workbook (or has a password). Save it as .xlsx.",
    b"%PDF": "The file is a PDF. Save the table as .xlsx or CSV.",
    b"\x1f\x8b": "The file is compressed. Unpack it first.",
    b"Rar!": "The file is compressed. Unpack it first.",
    b"7z\xbc\xaf": "The file is compressed. Unpack it first.",
    b"PAR1": "The file is Parquet. Save the table as CSV.",
}


def sniff(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    header_line: int | None = None,
) -> Source:
    """How to read the file; each option overrides what would be guessed. Raises FileProblem.

    `header_line` counts from 1 and is for tables with a title above their header.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise FileProblem("The file is empty.")
    if reason := next((_OTHERS[magic] for magic in _OTHERS if head.startswith(magic)), None):
        raise FileProblem(reason)
    if head.startswith(b"PK\x03\x04"):
        return sniff_xlsx(path, sheet=sheet, header_line=header_line)
    chosen, mark = sniff_encoding(path, encoding=encoding)
    text = head[mark:].decode(chosen, "replace")
    begin = text.lstrip()[:20].upper()
    if begin.startswith("BEGIN:VCARD"):
        return sniff_vcard(path, encoding=chosen, mark=mark)
    if begin.startswith("{"):
        return sniff_ndjson(path, encoding=chosen, mark=mark)
    if encoding is None:
        _check_text(text, begin)
    return sniff_csv(path, encoding=chosen, mark=mark, delimiter=delimiter, header_line=header_line)


def _check_text(text: str, begin: str) -> None:
    if begin[:1] == "[" and begin[1:].lstrip()[:1] in ("{", "]"):
        raise FileProblem("The file is a JSON array. Write one object on each line instead.")
    strange = sum(char < " " and char not in "\t\r\n\f\x1a" for char in text)
    if strange > max(32, len(text) / 10):
        raise FileProblem("The file is not text and no .xlsx workbook. Save the table as CSV.")


def read_rows(path: Path, source: Source, *, start: int | Checkpoint = 0) -> Reader:
    """Rows behind `start`: a checkpoint goes there at once, a number of rows reads over them."""
    skip = start if isinstance(start, int) else 0
    at = source.body if isinstance(start, int) or start == START else start
    if source.kind == "xlsx":
        return Reader(xlsx_rows(path, source, Checkpoint(max(skip, at.number))), at)
    if source.kind == "csv":
        rows = iter(CsvRows(path, source, at))
    else:
        rows = (vcard_rows if source.kind == "vcard" else ndjson_rows)(path, source, at)
    return Reader(islice(rows, skip, None) if skip else rows, at)


def read_batches(
    path: Path, source: Source, *, size: int = 1_000, start: int | Checkpoint = 0
) -> Iterator[Batch]:
    """Rows by the list, each list with the place to resume from once it is done."""
    reader: Iterator[Row] = read_rows(path, source, start=start)._rows
    while rows := list(islice(reader, size)):
        yield Batch(rows, rows[-1].checkpoint)


def count_rows(path: Path, source: Source) -> int:
    """How many rows there are, for a progress bar: reads the whole file once."""
    return sum(1 for _ in read_rows(path, source)._rows)

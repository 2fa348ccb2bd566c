"""CSV as people have it: any delimiter, quotes left open, rows of the wrong length."""

import csv
import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from guanxi_shared.tables.lines import Lines
from guanxi_shared.tables.neutral import restore
from guanxi_shared.tables.rows import (
    CELL_LIMIT,
    RECORD_LIMIT,
    Checkpoint,
    FileProblem,
    Row,
    Source,
    fit,
    name_columns,
)

DELIMITERS = ",;\t|"
# Handed to the parser after the last line. It comes back as a row of its own, or at the end of a
# cell whose quote was never closed: the parser itself would not say so.
_END = "\0END\0"
_HINT = re.compile(r"sep=(.)\s*\Z")


class RecordTooLong(Exception):
    """A record has gone on for more than `RECORD_LIMIT` bytes."""


def sniff_csv(
    path: Path,
    *,
    encoding: str,
    mark: int,
    delimiter: str | None = None,
    header_line: int | None = None,
) -> Source:
    """Delimiter and header. `mark` is the length of the byte order mark, `header_line` counts
    from 1; without it the first line that is not blank is the header."""
    csv.field_size_limit(CELL_LIMIT)
    at = _header_place(path, encoding, Checkpoint(offset=mark), header_line)
    first = next(iter(Lines(path, encoding, at=at)), "")
    if (hint := _HINT.match(first)) is not None:
        delimiter = delimiter or hint[1]
        at = _header_place(path, encoding, Checkpoint(offset=mark), at.line + 2)
    if delimiter is not None:
        _check_delimiter(delimiter)
    else:
        delimiter = _sniff_delimiter(path, encoding, at)
    columns, body = _read_header(path, encoding, at, delimiter)
    return Source(kind="csv", encoding=encoding, delimiter=delimiter, columns=columns, body=body)


def _header_place(path: Path, encoding: str, at: Checkpoint, line: int | None) -> Checkpoint:
    lines = Lines(path, encoding, at=at)
    for number, text in enumerate(lines, start=1):
        if number >= (line or 1) and (line is not None or text.strip()):
            return at
        at = Checkpoint(0, number, lines.end_of(number))
    raise FileProblem(
        "The file is empty." if line is None else f"The file has no line {line} for its header."
    )


def _check_delimiter(delimiter: str) -> None:
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\r\n\0':
        raise FileProblem(f"The delimiter {delimiter!r} is not one character between cells.")


def _sniff_delimiter(path: Path, encoding: str, at: Checkpoint) -> str:
    """The one by which most rows are as wide as the header; of equals, the one with more columns."""
    lines = list(islice(Lines(path, encoding, at=at), 200))
    scores = {delimiter: _agreement(lines, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > (0.0, 0) else ","


def _agreement(lines: list[str], delimiter: str) -> tuple[float, int]:
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return 0.0, 0
    width = len(rows[0]) if rows else 0
    if width < 2:
        return 0.0, 0
    return round(sum(len(row) == width for row in rows) / len(rows), 1), width


def _read_header(
    path: Path, encoding: str, at: Checkpoint, delimiter: str
) -> tuple[tuple[str, ...], Checkpoint]:
    lines = Lines(path, encoding, at=at)
    parser = csv.reader(chain(lines, [_END]), delimiter=delimiter)
    try:
        cells = next(parser)
    except csv.Error as problem:
        raise FileProblem("The header has a cell that is too long to be a name.") from problem
    if cells[-1].endswith(_END) or parser.line_num > 50:
        raise FileProblem('A quote (") in the header is not closed.')
    line = at.line + parser.line_num
    return name_columns([restore(cell) for cell in cells]), Checkpoint(0, line, lines.end_of(line))


class CsvRows:
    """The records after `at`. A quote that is never closed costs one row: reading goes on behind
    the line where it opens. Where that happens too often, the whole stretch is passed over, so
    that no file is read again and again."""

    def __init__(self, path: Path, source: Source, at: Checkpoint) -> None:
        csv.field_size_limit(CELL_LIMIT)  # one per process: set again where it is relied on
        self._path = path
        self._encoding = source.encoding or "utf-8"
        self._delimiter = source.delimiter or ","
        self._columns = source.columns
        self._at = at
        self._done = False
        self._spare = 8 * RECORD_LIMIT  # bytes that may be read twice; grows with the file
        self._began = at.offset

    def __iter__(self) -> Iterator[Row]:
        while not self._done:
            lines = Lines(self._path, self._encoding, at=self._at, spans=self._spans)
            parser = csv.reader(chain(lines, [_END]), delimiter=self._delimiter)
            base = self._at.line
            try:
                yield from self._parse(lines, parser)
            except csv.Error:
                reached = lines.reached(base + parser.line_num)
                self._spare -= reached.offset - self._at.offset
                if self._spare + 2 * (self._at.offset - self._began) >= 0:
                    yield self._pass_line()
                else:
                    yield self._pass_to(reached)
            except RecordTooLong:
                yield self._pass_to(lines.reached(base + parser.line_num))

    def _parse(self, lines: Lines, parser: Any) -> Iterator[Row]:
        """As little as possible for a row without doubt: this loop is the speed of every import."""
        columns, width = self._columns, len(self._columns)
        end_of = lines.end_of
        number, line, _ = before = self._at
        for cells in parser:
            end = before.line + parser.line_num
            if lines.doubtful or len(cells) != width:
                if cells and cells[-1].endswith(_END):
                    self._done = len(cells) == 1 and cells[0] == _END
                    if not self._done:
                        raise csv.Error("unclosed quote")
                    return
                row = self._careful(cells, Checkpoint(number, line), end, lines)
            else:
                values = dict(zip(columns, cells))  # noqa: B905 - lengths were compared
                row = Row(number + 1, line + 1, values, None, end_of(end), end)
            line = end
            if row is not None:
                number += 1
                self._at = Checkpoint(number, end, row.offset)
                yield row
            else:
                self._at = Checkpoint(number, end, end_of(end))

    def _spans(self, offset: int) -> bool:
        if offset - self._at.offset > RECORD_LIMIT:
            raise RecordTooLong
        return offset > self._at.offset

    def _careful(self, cells: list[str], before: Checkpoint, end: int, lines: Lines) -> Row | None:
        """Any row that may need a word; None for a blank line."""
        begin = before.line + 1
        problems = [lines.bad.pop(line) for line in range(begin, end + 1) if line in lines.bad]
        if not cells and not problems:
            return None
        if any("\0" in cell for cell in cells):
            cells = [cell.replace("\0", "") for cell in cells]
            problems.append("has a NUL character, which no text may hold; remove it")
        values, ragged = fit([restore(cell) for cell in cells], self._columns)
        if ragged and cells:
            hint = "a quote that is not closed" if end > begin else "a missing quote or delimiter"
            problems.append(f"{ragged}; look for {hint}")
        problem = f"{_place(begin, end)} {' and '.join(problems)}." if problems else None
        return Row(before.number + 1, begin, values, problem, lines.end_of(end), end)

    def _pass_line(self) -> Row:
        """The line at which the record that could not be read begins, as a row with a problem."""
        at = self._at
        lines = Lines(self._path, self._encoding, at=at)
        first = next(iter(lines))
        try:
            cells = next(csv.reader([first, _END], delimiter=self._delimiter))
        except csv.Error:
            cells, reason = [], f"has a cell of more than {CELL_LIMIT:,} characters; shorten it"
        else:
            cells = [cell.removesuffix(_END) for cell in cells]
            reason = "opens a quote that is not closed; close it, or double the quotes in its text"
        values, _ = fit([restore(cell.replace("\0", "")) for cell in cells], self._columns)
        line = at.line + 1
        self._at = Checkpoint(at.number + 1, line, lines.end_of(line))
        return Row(at.number + 1, line, values, f"Line {line} {reason}.", self._at.offset, line)

    def _pass_to(self, end: Checkpoint) -> Row:
        """Everything up to there as one row without values."""
        at = self._at
        self._at = Checkpoint(at.number + 1, end.line, end.offset)
        problem = (
            f"{_place(at.line + 1, end.line)} cannot be told apart into rows, because quotes open "
            "and close in the wrong places; double the quotes in the texts and send them again."
        )
        values = dict.fromkeys(self._columns, "")
        return Row(at.number + 1, at.line + 1, values, problem, end.offset, end.line)


def _place(begin: int, end: int) -> str:
    return f"Line {begin}" if begin == end else f"Lines {begin} to {end}"

"""Rows of one sheet of a workbook, every cell as the canonical text of its value."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, NamedTuple

from guanxi_shared.tables.neutral import restore
from guanxi_shared.tables.rows import (
    COLUMN_LIMIT,
    Checkpoint,
    FileProblem,
    Row,
    Source,
    fit,
    name_columns,
)
from guanxi_shared.tables.shared_texts import SharedTexts
from guanxi_shared.tables.sheet_xml import check_length, feed, make_parser, unescaped
from guanxi_shared.tables.workbook import Style, Workbook

# Without a zone, as the days and times of a sheet are.
_EPOCH_1900 = datetime.fromisoformat("1899-12-30")
_EPOCH_1904 = datetime.fromisoformat("1904-01-01")


class _Line(NamedTuple):
    """A row as the sheet has it: its number there, its cells, the first error among them."""

    number: int
    cells: list[str]
    error: str | None


def sniff_xlsx(path: Path, *, sheet: str | None = None, header_line: int | None = None) -> Source:
    """The first sheet that is shown, or the one named; its first row with cells is the header."""
    with closing(Workbook(path)) as book, closing(book.texts()) as texts:
        chosen = book.sheet(sheet)
        with book.open(chosen.path) as stream:
            cells = _Cells(stream, book, texts)
            header = next((line for line in cells if line.number >= (header_line or 1)), None)
        if header is None:
            raise FileProblem(f"The sheet {chosen.name!r} is empty.")
        rows = cells.last_row - header.number if cells.last_row else None
        return Source(
            kind="xlsx",
            encoding=None,
            delimiter=None,
            columns=name_columns([restore(cell) for cell in header.cells]),
            body=Checkpoint(0, header.number, 0),
            sheet=chosen.name,
            sheets=tuple(each.name for each in book.sheets),
            row_hint=rows,
        )


def xlsx_rows(path: Path, source: Source, at: Checkpoint) -> Iterator[Row]:
    """Rows that the sheet leaves out, or that have no value, are not counted."""
    with closing(Workbook(path)) as book, closing(book.texts()) as texts:
        number = 0
        with book.open(book.sheet(source.sheet).path) as stream:
            for line in _Cells(stream, book, texts):
                if line.number <= source.body.line or not any(line.cells):
                    continue
                number += 1
                if number > at.number:
                    yield _row(line, number, source)


def _row(line: _Line, number: int, source: Source) -> Row:
    values, ragged = fit([restore(cell) for cell in line.cells], source.columns)
    problem = line.error
    if ragged and len(line.cells) > len(source.columns):
        problem = problem or f"{ragged}; give each column a name"
    sentence = f"Row {line.number} {problem}." if problem else None
    return Row(number, line.number, values, sentence, 0, line.number)


class _Cells:
    """Streams a sheet; the handlers run once a cell, so they do little."""

    def __init__(self, stream: IO[bytes], book: Workbook, texts: SharedTexts) -> None:
        self.last_row = 0
        self._stream = stream
        self._styles = book.styles
        self._epoch = _EPOCH_1904 if book.uses_1904 else _EPOCH_1900
        self._texts = texts
        self._parser = make_parser(self._start, self._end)
        self._ready: list[_Line] = []
        self._pieces: list[str] = []
        self._columns: dict[str, int] = {}
        self._number = 0
        self._row: list[str] = []
        self._error: str | None = None
        self._kind = ""
        self._style = ""
        self._column = 0
        self._phonetic = False

    def __iter__(self) -> Iterator[_Line]:
        for _ in feed(self._parser, self._stream):
            check_length(self._pieces)
            ready, self._ready = self._ready, []
            yield from ready

    def _start(self, name: str, attrs: dict[str, str]) -> None:
        if name == "c":
            self._begin_cell(attrs)
        elif name == "v" or (name == "t" and not self._phonetic):
            self._parser.CharacterDataHandler = self._pieces.append
        elif name == "row":
            self._number = int(attrs.get("r", self._number + 1))
            self._row, self._error = [], None
        elif name == "rPh":
            self._phonetic = True
        elif name == "dimension":
            self.last_row = int("0" + _digits(attrs.get("ref", "").rpartition(":")[2]))

    def _begin_cell(self, attrs: dict[str, str]) -> None:
        self._pieces.clear()
        self._kind = attrs.get("t", "n")
        self._style = attrs.get("s", "")
        place = attrs.get("r")
        if place is None:
            self._column = len(self._row)
            return
        letters = place.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = _column_of(letters)
        self._column = column

    def _end(self, name: str) -> None:
        self._parser.CharacterDataHandler = None
        if name == "c":
            if self._pieces:
                self._put("".join(self._pieces))
            elif self._column == len(self._row):
                self._row.append("")
        elif name == "row":
            self._ready.append(_Line(self._number, self._row, self._error))
        elif name == "rPh":
            self._phonetic = False

    def _put(self, raw: str) -> None:
        row, column = self._row, self._column
        if column >= COLUMN_LIMIT:
            self._error = f"has a cell beyond column {COLUMN_LIMIT}"
            return
        if column > len(row):
            row.extend([""] * (column - len(row)))
        text = self._text(raw)
        if column == len(row):
            row.append(text)
        else:
            row[column] = text

    def _text(self, raw: str) -> str:
        kind = self._kind
        if kind == "s":
            return self._texts[int(raw)].replace("\0", "")
        if kind in ("inlineStr", "str"):
            return unescaped(raw).replace("\0", "")
        if kind == "b":
            return "true" if raw.strip() == "1" else "false"
        if kind == "e":
            self._error = self._error or f"holds the spreadsheet error {raw}; correct its formula"
            return ""
        if kind == "n":
            style = self._styles[int(self._style)] if self._style else ""
            return number_text(raw, style, self._epoch)
        return raw


def number_text(raw: str, style: Style, epoch: datetime) -> str:
    """15 significant digits, as a spreadsheet shows them: what lies behind is rounding noise."""
    if style:
        return _moment_text(raw, style, epoch)
    if raw.isdigit():
        return raw
    try:
        text = format(Decimal(format(float(raw), ".15g")), "f")
    except (ValueError, ArithmeticError):
        return raw
    return text if len(text) < 330 else raw


def _moment_text(raw: str, style: Style, epoch: datetime) -> str:
    try:
        days = float(raw)
        # The calendar of 1900 has a 29 February that never was; before it all days are one off.
        shift = 1 if epoch.year == 1899 and days < 60 else 0
        moment = epoch + timedelta(days=int(days) + shift, seconds=round(days % 1 * 86400))
    except (ValueError, OverflowError):
        return raw
    if days < 0:
        return raw
    if style == "time" and days < 1_000:
        seconds = round(days * 86400)
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if style == "instant":
        return f"{moment.isoformat()}Z"
    midnight = not (moment.hour or moment.minute or moment.second)
    return moment.date().isoformat() if midnight else moment.isoformat()


def _column_of(letters: str) -> int:
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    return column - 1


def _digits(place: str) -> str:
    return "".join(char for char in place if char.isdigit())

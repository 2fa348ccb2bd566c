"""A workbook written row by row in constant memory; text is text, never a formula or a link."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from guanxi_shared.tables.cell_text import cell_text
from guanxi_shared.tables.neutral import escaped, runs

TEXT_LIMIT = 32_767
ROW_LIMIT = 1_048_576
_DIGITS = 15
_FIRST_DAY = date(1900, 3, 1)  # before it, spreadsheets disagree about the calendar


class XlsxWriter:
    """Decimals of up to 15 digits, dates and times become numbers a sheet can add and sort; times
    are UTC and shown with Z. A text that looks like a formula has the format that a spreadsheet
    gives to what is typed behind an apostrophe, so it stays text even when it is edited.
    What is longer than a cell may be is cut and counted in `shortened`; rows beyond the size of a
    sheet go on in the next one, under the same header."""

    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def __init__(
        self,
        path: Path,
        columns: Sequence[str],
        *,
        labels: Mapping[str, str] | None = None,
        sheet: str = "Sheet",
        row_limit: int = ROW_LIMIT,
    ) -> None:
        import xlsxwriter  # 15 MB that a process needs only when it writes one

        self.shortened = 0
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._time = self._book.add_format({"num_format": 'yyyy-mm-dd"T"hh:mm:ss"Z"'})
        self._quoted = self._book.add_format({"quote_prefix": True})
        self._head = self._book.add_format({"bold": True})
        self._columns = tuple(columns)
        self._labels = [(labels or {}).get(name, name) for name in columns]
        self._name = sheet
        self._row_limit = row_limit
        self._sheets = 0
        self._next_sheet()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def add_row(self, row: Mapping[str, Any]) -> None:
        if self._row >= self._row_limit:
            self._next_sheet()
        for column, name in enumerate(self._columns):
            self._put(column, row.get(name))
        self._row += 1

    def close(self) -> None:
        self._book.close()

    def _next_sheet(self) -> None:
        self._sheets += 1
        name = self._name if self._sheets == 1 else f"{self._name} {self._sheets}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        for column, label in enumerate(self._labels):
            self._sheet.write_string(0, column, label, self._head)
        self._row = 1

    def _put(self, column: int, value: object) -> None:
        row, sheet = self._row, self._sheet
        if value is None or value == "":
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif isinstance(value, int | float | Decimal) and _fits(value):
            sheet.write_number(row, column, float(value))
        elif isinstance(value, datetime) and value.date() >= _FIRST_DAY and value.tzinfo:
            naive = value.astimezone(UTC).replace(tzinfo=None, microsecond=0)
            sheet.write_datetime(row, column, naive, self._time)
        elif isinstance(value, date) and not isinstance(value, datetime) and value >= _FIRST_DAY:
            sheet.write_datetime(row, column, value, self._day)
        else:
            self._put_text(column, cell_text(value))

    def _put_text(self, column: int, text: str) -> None:
        text = escaped(text)
        if len(text) > TEXT_LIMIT:
            self.shortened += 1
            text = text[: TEXT_LIMIT - 1] + "…"
        self._sheet.write_string(self._row, column, text, self._quoted if runs(text) else None)


def _fits(value: float | Decimal) -> bool:
    """Whether a double gives the number back; ids of 18 digits do not survive one."""
    if isinstance(value, float):
        return value - value == 0
    number = Decimal(value)
    return number.is_finite() and len(number.normalize().as_tuple().digits) <= _DIGITS

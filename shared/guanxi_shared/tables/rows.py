"""What every reader of a table hands out: where the table is, its rows, and where to go on."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, Self

Kind = Literal["csv", "xlsx", "vcard", "ndjson"]

CELL_LIMIT = 1 << 20
"""Characters in one cell; more is a problem of the row, not of the file."""

RECORD_LIMIT = 4 << 20
"""Bytes of one line, or of one record over several lines."""

COLUMN_LIMIT = 2_000


class FileProblem(ValueError):
    """The file as a whole cannot be read; `detail` says why and what to do."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Checkpoint(NamedTuple):
    """A place to go on reading from: rows and lines already done, byte where the next row begins.

    Workbooks have no byte to go back to: their `offset` is 0 and `number` rows are skipped.
    """

    number: int = 0
    line: int = 0
    offset: int = 0


class Row(NamedTuple):
    """One record. `problem` is a sentence; such a row has what could be read, never an exception.

    `number` counts records from 1, `line` is where it begins in the file (the row of a sheet),
    `end_line` and `offset` are the last line it takes and the byte behind it.
    """

    number: int
    line: int
    values: dict[str, str]
    problem: str | None
    offset: int
    end_line: int

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint(self.number, self.end_line, self.offset)

    @property
    def is_blank(self) -> bool:
        """Spreadsheets leave rows of nothing but delimiters at the end of what they save."""
        return self.problem is None and not any(self.values.values())


class Batch(NamedTuple):
    """Rows and the checkpoint behind the last of them, to be saved with what was done with them."""

    rows: list[Row]
    checkpoint: Checkpoint


START = Checkpoint()


@dataclass(frozen=True, kw_only=True)
class Source:
    """How a file is to be read; made by `sniff`, kept with the job so that a resume reads alike.

    `columns` are unique and not empty. For vCard and NDJSON they are those of the first records:
    a later record may bring more, and its values then have more keys. `row_hint` is what a
    workbook says about itself.
    """

    kind: Kind
    encoding: str | None
    delimiter: str | None
    columns: tuple[str, ...]
    body: Checkpoint = START
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    row_hint: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, read again by `from_dict`."""
        return asdict(self) | {"body": list(self.body)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        return cls(
            **data
            | {
                "body": Checkpoint(*data["body"]),
                "columns": tuple(data["columns"]),
                "sheets": tuple(data["sheets"]),
            }
        )


class Reader:
    """Rows one after another; `tell` is the place behind the last one handed out."""

    def __init__(self, rows: Iterator[Row], at: Checkpoint) -> None:
        self._rows = rows
        self._at = at

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Row:
        row = next(self._rows)
        self._at = row.checkpoint
        return row

    def tell(self) -> Checkpoint:
        return self._at


def name_columns(cells: Sequence[str]) -> tuple[str, ...]:
    """Header cells as unique names: `Phone, Phone` → `Phone, Phone (2)`; an empty one → `Column 3`.

    Empty names at the end are dropped: spreadsheets save columns that were only formatted.
    """
    names = [" ".join(cell.replace("\0", "").split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise FileProblem("The header is empty. The first row must hold the names of the columns.")
    if len(names) > COLUMN_LIMIT:
        raise FileProblem(
            f"The header names {len(names)} columns; at most {COLUMN_LIMIT} are read. "
            "Check the delimiter, or remove the columns that are not needed."
        )
    taken: set[str] = set()
    return tuple(
        _free_name(name or f"Column {position}", taken)
        for position, name in enumerate(names, start=1)
    )


def _free_name(name: str, taken: set[str]) -> str:
    candidate, count = name, 1
    while candidate in taken:
        count += 1
        candidate = f"{name} ({count})"
    taken.add(candidate)
    return candidate


def fit(cells: list[str], columns: tuple[str, ...]) -> tuple[dict[str, str], str | None]:
    """Values by column, and what is wrong with their number; empty cells too many are no problem."""
    width = len(columns)
    values = dict(zip(columns, cells + [""] * (width - len(cells)), strict=False))
    if len(cells) == width or (len(cells) > width and not any(cells[width:])):
        return values, None
    return values, f"has {len(cells)} cells, but the header names {width}"

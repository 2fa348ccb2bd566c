"""What a column can be: a field's name in a file, where it goes in the record, what its cells are."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from guanxi_shared.tables.mapping import suggest

TEXT, INTEGER, NUMBER, MONEY, CURRENCY = "text", "integer", "number", "money", "currency"
BOOLEAN, DAY, INSTANT, LIST, WORD, REFERENCE = (
    "boolean",
    "day",
    "instant",
    "list",
    "word",
    "reference",
)
MOST_NUMBERED: Final = 20
_NUMBERED = re.compile(r"(?P<head>[a-z]+)_(?P<number>[1-9]\d?)(?P<tail>(?:_[a-z]+)?)\Z")

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ImportField:
    """`path` leads into the API's document: `("phones", 1, "number")`. A `REFERENCE` is looked up
    by what the cell says (an owner's email). `separators` make several values of one cell."""

    name: str
    path: Path
    kind: str = TEXT
    aliases: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    separators: str = ""
    fixed: Mapping[str, str] = field(default_factory=dict)
    is_numbered: bool = False

    def numbered(self, number: int) -> "ImportField":
        """The same for the second, third … of its kind: `phone_2`, `phone_2_kind`, `address_2_city`."""
        head, *_, tail = self.path
        return replace(self, path=(head, number, tail))


def find_field(fields: Mapping[str, ImportField], name: str) -> ImportField | None:
    """A field by its name; `phone_2_kind` is the second `phone_kind`, `phone_1` is `phone`."""
    if (known := fields.get(name)) is not None:
        return known
    found = _NUMBERED.match(name)
    if found is None or int(found["number"]) > MOST_NUMBERED:
        return None
    known = fields.get(found["head"] + found["tail"])
    return known.numbered(int(found["number"])) if known is not None and known.is_numbered else None


def suggest_mapping(
    columns: Sequence[str], fields: Mapping[str, ImportField]
) -> dict[str, tuple[str, float]]:
    """Column → (field, score 0 to 1); `Tel 2` is the second phone."""
    found = suggest(columns, {name: each.aliases for name, each in fields.items()})
    chosen: dict[str, tuple[str, float]] = {}
    taken: set[str] = set()
    for column in columns:
        name, score = found.get(column, ("", 0.0))
        if find_field(fields, column) is not None:  # written by our own export, or by hand
            name, score = column, 1.0
        elif name and fields[name].is_numbered:
            name = _number_of(column, name)
        if name and name not in taken:
            taken.add(name)
            chosen[column] = (name, score)
    return chosen


def _number_of(column: str, name: str) -> str:
    digits = re.findall(r"\d+", column)
    number = int(digits[0]) if digits and len(digits[0]) < 3 else 1
    return number_name(name, number) if 1 < number <= MOST_NUMBERED else name


def number_name(name: str, number: int) -> str:
    """`phone` → `phone_2`, `phone_kind` → `phone_2_kind`."""
    head, _, tail = name.partition("_")
    return f"{head}_{number}" + (f"_{tail}" if tail else "")

"""Pure decisions of erasures."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Told:
    """A value that a record's field had, and what stands there from now on."""

    record_id: UUID
    field: str
    value: Any
    instead: Any


def added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Rows of each place over all steps; places without any are left out."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return {place: rows for place, rows in sorted(total.items()) if rows}

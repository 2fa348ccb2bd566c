"""A row on its way into the database: read and checked, not yet decided about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from guanxi_shared.calls import Actor
from guanxi_shared.imports.options import ImportOptions
from guanxi_shared.tables.rows import START, Checkpoint

CREATED, UPDATED, UNCHANGED, SKIPPED = "created", "updated", "unchanged", "skipped"
REFUSED, INCOMPLETE = "refused", "incomplete"
COUNTS = (CREATED, UPDATED, UNCHANGED, SKIPPED, REFUSED, INCOMPLETE)


@dataclass(frozen=True, slots=True)
class Terms:
    """For whom an import runs and how its rows are to be taken."""

    organisation_id: UUID
    actor: Actor
    options: ImportOptions
    is_dry: bool


@dataclass(slots=True)
class Prepared:
    """`columns` are the stored columns the row sets; `fresh` is the whole row if it is to be a new
    record. `keys` are what it is recognised by; `references` are other
    records that it names, `at` is the place in the file behind it."""

    number: int
    line: int
    cells: Mapping[str, str]
    at: Checkpoint = START
    reasons: list[dict[str, Any]] = field(default_factory=list)
    columns: dict[str, Any] = field(default_factory=dict)
    fresh: dict[str, Any] | None = None
    keys: Sequence[str] = ()
    wanted_id: UUID | None = None
    references: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)  # computed fields and the like, by resource


@dataclass(slots=True)
class Outcome:
    """What became of a chunk's rows: counts, rows refused or left incomplete, links put off."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    refused: list[Prepared] = field(default_factory=list)
    postponed: list[tuple[Prepared, UUID]] = field(default_factory=list)

    def refuse(self, row: Prepared, *reasons: dict[str, Any]) -> None:
        row.reasons.extend(reasons)
        self.counts[REFUSED] += 1
        self.refused.append(row)

"""From a record's changes to its facts: what ends, what begins. Pure.

A record is told of as a whole at each change. What it says of itself are its pieces; a piece that says
something else than before ends and begins anew, at the moment of the change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

Pieces = dict[UUID, dict[str, Any]]
Key = tuple[UUID, UUID]  # the record and its piece


@dataclass(frozen=True, slots=True)
class Change:
    """A record as it stands after a change; without pieces, it counts no more."""

    subject_id: UUID
    version: int
    at: datetime
    pieces: Pieces


@dataclass(slots=True)
class Walked:
    """`ended`: the rows that were present before, and when each ended. `begun`: rows to write, of which some
    ended within the same walk. `touched`: what was said before or is said now, by which sums change."""

    ended: dict[Key, datetime] = field(default_factory=dict)
    begun: list[dict[str, Any]] = field(default_factory=list)
    touched: list[Mapping[str, Any]] = field(default_factory=list)


def walk(present: Mapping[Key, Mapping[str, Any]], changes: Iterable[Change]) -> Walked:
    """`present` are the pieces known before, by record and piece."""
    walked, known = Walked(), dict(present)
    fresh: dict[Key, dict[str, Any]] = {}
    of_subject: dict[UUID, set[UUID]] = {}
    for subject, piece in known:
        of_subject.setdefault(subject, set()).add(piece)
    for change in changes:
        own = of_subject.setdefault(change.subject_id, set())
        for piece in sorted(own | set(change.pieces)):
            key = (change.subject_id, piece)
            told, before = change.pieces.get(piece), known.get(key)
            if told == before:
                continue
            if before is not None:
                _end(walked, fresh, key, change.at)
                walked.touched.append(before)
                del known[key]
                own.discard(piece)
            if told is not None:
                row = told | {
                    "subject_id": change.subject_id, "piece_id": piece, "version": change.version,
                    "recorded_at": change.at, "ended_at": None,
                }  # fmt: skip
                walked.begun.append(row)
                walked.touched.append(told)
                known[key], fresh[key] = told, row
                own.add(piece)
    return walked


def _end(walked: Walked, fresh: dict[Key, dict[str, Any]], key: Key, at: datetime) -> None:
    row = fresh.pop(key, None)
    if row is None:
        walked.ended[key] = at
    else:
        row["ended_at"] = at

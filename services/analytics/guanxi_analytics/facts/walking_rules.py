"""From a record's changes to its facts: what ends, what begins. Pure.

A record is told of as a whole at each change. What it says of itself are its pieces; a piece that says
something else than before ends and begins anew, at the moment of the change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

Piece = Mapping[str, Any]
Pieces = dict[UUID, dict[str, Any]]
Key = tuple[UUID, UUID]  # the record and its piece


@dataclass(slots=True)
class Change:
    """A record as it stands after a change; without pieces, it counts no more."""

    subject_id: UUID
    version: int
    at: datetime
    pieces: Pieces


@dataclass(slots=True)
class Walked:
    """`ended`: the rows that were present before, and when each ended. `begun`: rows to write, of which some
    ended within the same walk. `was`: what had been said, before or within the walk, and is said no more."""

    ended: dict[Key, datetime] = field(default_factory=dict)
    begun: list[dict[str, Any]] = field(default_factory=list)
    was: list[Piece] = field(default_factory=list)


def walk(present: Mapping[Key, Piece], changes: Iterable[Change]) -> Walked:
    """`present` are the pieces known before, by record and piece."""
    walked, fresh = Walked(), dict[Key, dict[str, Any]]()
    known: dict[UUID, dict[UUID, Piece]] = {}
    for (subject, piece), told in present.items():
        known.setdefault(subject, {})[piece] = told
    for change in changes:
        own = known.setdefault(change.subject_id, {})
        for piece, before in list(own.items()):
            if change.pieces.get(piece) != before:
                _end(walked, fresh, (change.subject_id, piece), change.at)
                walked.was.append(before)
                del own[piece]
        for piece, said in change.pieces.items():
            if piece not in own:
                own[piece] = said
                fresh[change.subject_id, piece] = row = said | {
                    "subject_id": change.subject_id, "piece_id": piece, "version": change.version,
                    "recorded_at": change.at, "ended_at": None,
                }  # fmt: skip
                walked.begun.append(row)
    return walked


def _end(walked: Walked, fresh: dict[Key, dict[str, Any]], key: Key, at: datetime) -> None:
    row = fresh.pop(key, None)
    if row is None:
        walked.ended[key] = at
    else:
        row["ended_at"] = at

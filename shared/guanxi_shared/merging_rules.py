"""What becomes of references when several records become one. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

Id = TypeVar("Id", str, UUID)


def first_outside(
    start: UUID | None, merged: Collection[UUID], above: Mapping[UUID, UUID | None]
) -> UUID | None:
    """Who stands above the survivor if `start` does: beyond the highest of the merged ones on the
    way up, so that no cycle closes. `above` gives the parent of each record on the way."""
    way: list[UUID] = []
    at = start
    while at is not None and at not in way:
        way.append(at)
        at = above.get(at)
    highest = max((place for place, each in enumerate(way) if each in merged), default=-1)
    return way[highest + 1] if highest + 1 < len(way) else None


def list_after(ids: Sequence[Id], sources: Collection[Id], *, survivor: Id) -> list[Id]:
    """A list of ids with the survivor in the place of the first merged one, each once."""
    return list(dict.fromkeys(survivor if each in sources else each for each in ids))


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What a later change made of a field of a record, and what undoing would make of it."""

    resource: str
    id: UUID | None  # None for those who may not see the record
    field: str
    now: Any
    wanted: Any


def sentences(obstacles: Iterable[Obstacle]) -> dict[str, str]:
    """Field → sentence, for the problem's `errors`."""
    places = [f"{o.resource}.{o.id or 'hidden'}.{o.field}" for o in obstacles]
    return dict.fromkeys(places, "Changed since the merge.")

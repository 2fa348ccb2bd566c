"""Who is next: pure decisions of assignment."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi_shared.errors import Invalid


def next_in_turn(
    order: Sequence[UUID], present: Collection[UUID], last: UUID | None
) -> UUID | None:
    """Whose turn it is: the first that is present behind the last one, round and round. Somebody who is
    away loses their turn and nothing else; None when nobody is there."""
    start = order.index(last) + 1 if last in order else 0
    return next((each for each in (*order[start:], *order[:start]) if each in present), None)


def least_loaded(
    order: Sequence[UUID], present: Collection[UUID], loads: Mapping[UUID, int]
) -> UUID | None:
    """Of those who are present the one with the fewest open leads, the first in the order among equals."""
    there = [each for each in order if each in present]
    return min(there, key=lambda each: loads.get(each, 0), default=None)


def demand_whole(action: Mapping[str, Any]) -> None:
    """An action names whom it means, and nothing that it would not look at."""
    kind = action["kind"]
    wanted = {
        "person": ({"user_id"},), "team": ({"team_id"},),
        "round_robin": ({"user_ids"}, {"team_id"}), "least_loaded": ({"user_ids"}, {"team_id"}),
    }[kind]  # fmt: skip
    given = {name for name in ("user_id", "user_ids", "team_id") if action.get(name)}
    if given in wanted:
        return
    listed = " or ".join(sorted(next(iter(names)) for names in wanted))
    field = sorted(next(iter(names)) for names in wanted)[0]
    raise Invalid(
        f"{kind} takes {listed} alone.", errors={f"action.{field}": f"Send {listed} alone."}
    )

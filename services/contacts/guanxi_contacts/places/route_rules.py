"""The order of a day's stops: nearest neighbour, then 2-opt and relocations (Croes 1958, Or 1976).

Deterministic, and never longer than the given order. Stops with an appointment keep the order of
their times; the others are put where they lengthen the way least.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from guanxi_contacts.places.rules import Point, distance_m

MOST_STOPS = 50
MOST_PASSES = 60
LONGEST_PIECE = 3
WORTH_M = 0.01  # shorter gains are rounding, and could go round in circles

Order = list[int]


@dataclass(frozen=True, slots=True)
class Way:
    """An order of stops with the legs into each; the first leg comes from the start, if there is
    one, and `last_leg_m` goes on to the end, if there is one."""

    order: tuple[int, ...]
    legs_m: tuple[float, ...]
    last_leg_m: float

    @property
    def total_m(self) -> float:
        return sum(self.legs_m) + self.last_leg_m


class Map:
    """Distances between stops, start and end, each measured once."""

    def __init__(self, stops: Sequence[Point], start: Point | None, end: Point | None) -> None:
        self.size = len(stops)
        self._between = [[distance_m(a, b) for b in stops] for a in stops]
        self._first = [0.0 if start is None else distance_m(start, stop) for stop in stops]
        self._last = [0.0 if end is None else distance_m(stop, end) for stop in stops]
        self._empty = distance_m(start, end) if start is not None and end is not None else 0.0

    def leg(self, before: int | None, after: int | None) -> float:
        """From one stop to the next; None before the first is the start, after the last the end."""
        if before is None:
            return self._empty if after is None else self._first[after]
        return self._last[before] if after is None else self._between[before][after]

    def way(self, order: Sequence[int]) -> Way:
        befores = [None, *order[:-1]]
        legs = tuple(self.leg(a, b) for a, b in zip(befores, order, strict=True)) if order else ()
        return Way(tuple(order), legs, self.leg(order[-1] if order else None, None))


def given_order(times: Sequence[datetime | None]) -> Order:
    """As it was given, with the appointments sorted by time among the places that they hold."""
    timed = sorted((i for i, at in enumerate(times) if at is not None), key=lambda i: (times[i], i))
    following = iter(timed)
    return [next(following) if at is not None else i for i, at in enumerate(times)]


def sensible_way(
    stops: Sequence[Point], *, start: Point | None = None, end: Point | None = None,
    times: Sequence[datetime | None] = (),
) -> tuple[Way, Way]:  # fmt: skip
    """(the proposed way, the way in the given order); all stops once, `MOST_STOPS` at most."""
    times = times or [None] * len(stops)
    chart, given = Map(stops, start, end), given_order(times)
    ranks = _ranks(times, given)
    tries = [
        given,
        *(_nearest_first(chart, ranks, first) for first in _firsts(chart, ranks, start)),
    ]
    found = [chart.way(_improved(chart, ranks, order)) for order in tries]
    as_given = chart.way(given)
    return min([as_given, *found], key=lambda way: way.total_m), as_given


def _ranks(times: Sequence[datetime | None], given: Order) -> list[int | None]:
    """The place of each appointment among the appointments."""
    ranks: list[int | None] = [None] * len(times)
    for rank, stop in enumerate(stop for stop in given if times[stop] is not None):
        ranks[stop] = rank
    return ranks


def _firsts(chart: Map, ranks: Sequence[int | None], start: Point | None) -> list[int]:
    """Where the nearest-neighbour walk sets out: from the nearest stop, or once from each."""
    free = [i for i in range(chart.size) if ranks[i] in (None, 0)]
    if start is None:
        walks = {first: chart.way(_nearest_first(chart, ranks, first)).total_m for first in free}
        free.sort(key=lambda first: (walks[first], first))
    else:
        free.sort(key=lambda stop: (chart.leg(None, stop), stop))
    return free[:1]


def _nearest_first(chart: Map, ranks: Sequence[int | None], first: int) -> Order:
    order, left = [first], set(range(chart.size)) - {first}
    while left:
        appointments = [stop for stop in left if ranks[stop] is not None]
        due = min(appointments, key=lambda stop: ranks[stop] or 0, default=None)
        free = [stop for stop in left if ranks[stop] is None or stop == due]
        nearest = min(free, key=lambda stop: (chart.leg(order[-1], stop), stop))
        order.append(nearest)
        left.discard(nearest)
    return order


def _improved(chart: Map, ranks: Sequence[int | None], order: Order) -> Order:
    """Better by one change at a time until none helps."""
    for _ in range(MOST_PASSES):
        shorter = _reversed_piece(chart, ranks, order) or _moved_piece(chart, ranks, order)
        if shorter is None:
            return order
        order = shorter
    return order


def _reversed_piece(chart: Map, ranks: Sequence[int | None], order: Order) -> Order | None:
    """2-opt: the best piece to walk the other way round. At most one appointment may be in it."""
    best, found = WORTH_M, None
    around = [None, *order, None]
    for i in range(1, len(order)):
        fixed = ranks[order[i - 1]] is not None
        for j in range(i + 1, len(order) + 1):
            if ranks[order[j - 1]] is not None:
                if fixed:
                    break
                fixed = True
            gain = (
                chart.leg(around[i - 1], around[i]) + chart.leg(around[j], around[j + 1])
                - chart.leg(around[i - 1], around[j]) - chart.leg(around[i], around[j + 1])
            )  # fmt: skip
            if gain > best:
                best, found = gain, (i - 1, j)
    if found is None:
        return None
    i, j = found
    return [*order[:i], *reversed(order[i:j]), *order[j:]]


def _moved_piece(chart: Map, ranks: Sequence[int | None], order: Order) -> Order | None:
    """Or-opt: the best piece of up to three stops to walk elsewhere, if the appointments allow it."""
    best, found = WORTH_M, None
    for i in range(len(order)):
        for j in range(i + 1, min(i + LONGEST_PIECE, len(order)) + 1):
            piece, rest = order[i:j], [*order[:i], *order[j:]]
            around = [None, *rest, None]
            freed = (
                chart.leg(around[i], piece[0]) + chart.leg(piece[-1], around[i + 1])
                - chart.leg(around[i], around[i + 1])
            )  # fmt: skip
            for k in range(len(rest) + 1):
                spent = (
                    chart.leg(around[k], piece[0]) + chart.leg(piece[-1], around[k + 1])
                    - chart.leg(around[k], around[k + 1])
                )  # fmt: skip
                if freed - spent > best:
                    moved = [*rest[:k], *piece, *rest[k:]]
                    if _keeps_appointments(ranks, moved):
                        best, found = freed - spent, moved
    return found


def _keeps_appointments(ranks: Sequence[int | None], order: Order) -> bool:
    fixed = [rank for stop in order if (rank := ranks[stop]) is not None]
    return fixed == sorted(fixed)

"""Who brought whom: what came by each referrer, directly and through those who came. Pure.

Everybody has one referrer at most, so that accounts stand in trees, or in trees whose roots go round in a circle. Of a circle
everybody came by everybody else, and nobody by themselves. In time that grows as the accounts do, however long the chains.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Sums = Mapping[str, Decimal]  # by currency


@dataclass(slots=True)
class Came:
    """`accounts` are all that came, `direct` those without anybody between, `depth` the steps to the farthest."""

    direct: int = 0
    accounts: int = 0
    depth: int = 0
    revenue: dict[str, Decimal] = field(default_factory=dict)

    @property
    def through(self) -> int:
        return self.accounts - self.direct

    def add(self, revenue: Sums, *, times: int = 1) -> None:
        for currency, amount in revenue.items():
            self.revenue[currency] = self.revenue.get(currency, Decimal(0)) + times * amount


def came_by(referrer_of: Mapping[Any, Any], counted: Mapping[Any, Sums]) -> dict[Any, Came]:
    """For each referrer by whom any came. `counted` are the accounts that count, with what they bought; who does not count
    may still stand between."""
    edges = {one: by for one, by in referrer_of.items() if one != by}
    came: dict[Any, Came] = {by: Came() for by in edges.values()}
    waiting = dict.fromkeys(came, 0)
    for by in edges.values():
        waiting[by] += 1
    ready = [one for one in edges if one not in waiting]
    while ready:
        one = ready.pop()
        if (by := edges.get(one)) is None:
            continue
        _bring(came[by], came.get(one), counted.get(one))
        waiting[by] -= 1
        if not waiting[by]:
            ready.append(by)
    for circle in _circles(edges, {one for one, left in waiting.items() if left}):
        _go_round(circle, came, counted)
    return {by: found for by, found in came.items() if found.accounts}


def _bring(by: Came, below: Came | None, own: Sums | None) -> None:
    """What came by somebody, and they themselves, came by their referrer."""
    if own is not None:
        by.direct, by.accounts, by.depth = by.direct + 1, by.accounts + 1, max(by.depth, 1)
        by.add(own)
    if below is not None and below.accounts:
        by.accounts, by.depth = by.accounts + below.accounts, max(by.depth, below.depth + 1)
        by.add(below.revenue)


def _circles(edges: Mapping[Any, Any], left: set[Any]) -> list[list[Any]]:
    """Each from somebody to their referrer, and on."""
    found = []
    while left:
        circle = [left.pop()]
        while (by := edges[circle[-1]]) in left:
            left.remove(by)
            circle.append(by)
        found.append(circle)
    return found


def _go_round(circle: Sequence[Any], came: dict[Any, Came], counted: Mapping[Any, Sums]) -> None:
    whole = Came()
    for one in circle:
        _bring(whole, came[one], counted.get(one))
    depths = _depths([_reach(came[one], one in counted) for one in circle])
    direct = [came[one].direct + (circle[n - 1] in counted) for n, one in enumerate(circle)]
    for n, one in enumerate(circle):
        is_own = one in counted
        found = Came(direct[n], whole.accounts - is_own, max(came[one].depth, depths[n]))
        found.add(whole.revenue)
        found.add(counted.get(one, {}), times=-1)
        came[one] = found


def _reach(came: Came, is_counted: bool) -> int | None:
    """How far down from here the farthest stands; None of nobody."""
    return came.depth or (0 if is_counted else None)


def _depths(reaches: Sequence[int | None]) -> list[int]:
    """For each of a circle how far the farthest stands who comes by one of the others: the greatest of distance and reach
    over the last len - 1 of them, kept as a falling queue."""
    size, queue, found = len(reaches), deque[tuple[int, int]](), [0] * len(reaches)
    for place in range(2 * size):
        while queue and queue[0][0] <= place - size:
            queue.popleft()
        if place >= size and queue:
            found[place - size] = queue[0][1] + place
        if (reach := reaches[place % size]) is not None:
            while queue and queue[-1][1] <= reach - place:
                queue.pop()
            queue.append((place, reach - place))
    return found

"""Small cells: rows with too few customers behind them are not told, nor what they could be subtracted from. Pure.

Rows that overlap (a customer in two segments is in two) are made of parts that do not: the customers who are in just the
same of them. Whatever is added and subtracted of what is told is a sum over parts that the same told rows cover; each of
those has to be of `least` customers.

A row is small where fewer customers than `least` are behind it. Of the rows that are hidden and the total that is told, what is left
over by subtraction is of `least` customers at least: beside small rows the smallest one that is not small is hidden. Where all are
small there is nothing to subtract; a total of too few is hidden itself.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Key = tuple[Any, ...]  # the values of the dimensions, and the currency


def hidden_rows(customers: Mapping[Key, int | None], least: int) -> set[Key]:
    """Of one kind of facts, each currency by itself, as its total is. None: no customers are behind such facts."""
    found: set[Key] = set()
    for currency in {key[-1] for key in customers}:
        own = {key: n for key, n in customers.items() if key[-1] == currency and n is not None}
        small = {key for key, n in own.items() if n < least}
        others = own.keys() - small
        found |= small
        if small and others:
            found.add(min(others, key=lambda key: (own[key], str(key))))
    return found


@dataclass(frozen=True, slots=True)
class Part:
    """Customers of one currency who are in the same `rows`, and no others. `disjoint` parts of one such place have no
    customer in common."""

    rows: frozenset[Key]
    customers: int
    currency: Any
    place: Any = None


def hidden_overlapping(
    customers: Mapping[Key, int | None], parts: Collection[Part], least: int
) -> set[Key]:
    """Of rows that overlap; few, though not the fewest that would do: for every small remainder the smallest row without
    which it goes into a greater one."""
    told = {key for key, n in customers.items() if n is None or n >= least}
    while True:
        remainders: dict[tuple[Any, frozenset[Key]], list[Part]] = {}
        for part in parts:
            remainders.setdefault((part.currency, part.rows & told), []).append(part)
        drop = set()
        for (currency, rows), own in remainders.items():
            if _at_least(own) >= least:
                continue
            among = rows or {key for key in told if key[-1] == currency}
            if among:
                drop.add(
                    min(among, key=_dropped_first(customers, remainders, (currency, rows), least))
                )
        if not drop:
            return set(customers) - told
        told -= drop


def _dropped_first(
    customers: Mapping[Key, int | None], remainders: Mapping[tuple[Any, frozenset[Key]], list[Part]],
    small: tuple[Any, frozenset[Key]], least: int,
) -> Callable[[Key], tuple[bool, int, str]]:  # fmt: skip
    currency, rows = small

    def rank(key: Key) -> tuple[bool, int, str]:
        joined = remainders.get((currency, rows ^ {key}), [])
        helps = _at_least([*remainders[small], *joined]) >= least
        return (not helps, customers[key] or 0, str(key))

    return rank


def _at_least(parts: Iterable[Part]) -> int:
    """How many customers parts have together, at least: those of one place are others, those of two may be the same."""
    places: dict[Any, int] = {}
    for part in parts:
        places[part.place] = places.get(part.place, 0) + part.customers
    return max(places.values())


def hidden_totals(customers: Mapping[Key, int | None], least: int) -> set[Key]:
    return {key for key, n in customers.items() if n is not None and n < least}


def is_hidden(key: Key, hidden: set[Key]) -> bool:
    """What stands without a currency stands beside each of them, too."""
    return key in hidden or (*key[:-1], None) in hidden

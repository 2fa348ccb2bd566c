"""Small cells: rows with too few customers behind them are not told, nor what they could be subtracted from. Pure.

A row is small where fewer customers than `least` are behind it. Of the rows that are hidden and the total that is told, what is left
over by subtraction is of `least` customers at least: beside small rows the smallest one that is not small is hidden. Where all are
small there is nothing to subtract; a total of too few is hidden itself.
"""

from collections.abc import Mapping
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


def hidden_totals(customers: Mapping[Key, int | None], least: int) -> set[Key]:
    return {key for key, n in customers.items() if n is not None and n < least}


def is_hidden(key: Key, hidden: set[Key]) -> bool:
    """What stands without a currency stands beside each of them, too."""
    return key in hidden or (*key[:-1], None) in hidden

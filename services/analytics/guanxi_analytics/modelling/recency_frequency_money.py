"""RFM: scores 1 to 5 by fifths of recency, frequency and money (Hughes 1994), ABC classes by Pareto's shares.

Fifths are by rank with a unique key that breaks ties, so that the same customers get the same scores whatever engine
counts: as SQL's ntile(5) OVER (ORDER BY value, key), the larger fifths first. 5 is best: the most recent, most frequent,
highest.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Whole = NDArray[np.int64]
SHARES: Final = (0.80, 0.95)  # of the cumulative margin: A, then B


@dataclass(frozen=True)
class Scores:
    recency: Whole
    frequency: Whole
    money: Whole

    @property
    def cell(self) -> Whole:
        """555 to 111."""
        return np.asarray(100 * self.recency + 10 * self.frequency + self.money)


def rfm_scores(
    days_since: ArrayLike, orders: ArrayLike, money: ArrayLike, key: ArrayLike, *, parts: int = 5
) -> Scores:
    """Of customers (n,); `key` is unique and sortable. ValueError of a key that is not."""
    key = np.asarray(key)
    if len(np.unique(key)) != len(key):
        raise ValueError("Two customers have the same key: ties could be broken either way.")
    return Scores(
        ntile(-np.asarray(days_since, float), key, parts),
        ntile(np.asarray(orders, float), key, parts),
        ntile(np.asarray(money, float), key, parts),
    )


def ntile(values: ArrayLike, key: ArrayLike, parts: int) -> Whole:
    """1 to `parts`, as SQL's ntile in the order of value, then key: the first n mod parts get one more."""
    values, key = np.asarray(values), np.asarray(key)
    n = len(values)
    order = np.lexsort((key, values))
    size, more = divmod(n, parts)
    sizes = np.full(parts, size) + (np.arange(parts) < more)
    found = np.empty(n, np.int64)
    found[order] = np.repeat(np.arange(1, parts + 1), sizes)
    return found


def abc_classes(
    margin: ArrayLike, key: ArrayLike, *, shares: tuple[float, float] = SHARES
) -> NDArray[np.str_]:
    """A for the customers who together bring the first 80% of all that is earned, B up to 95%, C the rest and whoever
    brings nothing or a loss; the highest margin first, ties by key. The customer who crosses a line is above it."""
    margin, key = np.asarray(margin, float), np.asarray(key)
    earned = np.maximum(margin, 0.0)
    found = np.full(len(margin), "C")
    total = float(earned.sum())
    if total <= 0:
        return found
    order = np.lexsort((key, -margin))
    before = np.concatenate([[0.0], np.cumsum(earned[order])[:-1]])
    for name, share in (("B", shares[1]), ("A", shares[0])):
        found[order[(before < share * total) & (earned[order] > 0)]] = name
    return found

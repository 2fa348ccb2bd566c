"""Days on which customers bought, seen from a day in the past: what was known, and what came after.

`customer` (n,) whole numbers from 0, `day` (n,) whole days; each pair once is enough, and twice counts once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Known:
    """On the evening of `origin`: who had bought (rows,), their repeats, days to the last purchase and to that day."""

    origin: int
    customer: Whole
    x: Whole
    last: Whole
    age: Whole


@dataclass(frozen=True)
class PurchaseDays:
    """Sorted by customer and day, each pair once."""

    customer: Whole
    day: Whole

    @classmethod
    def of(cls, customer: ArrayLike, day: ArrayLike) -> "PurchaseDays":
        who, when = np.asarray(customer, np.int64), np.asarray(day, np.int64)
        if who.shape != when.shape or who.ndim != 1:
            raise ValueError("A purchase has one customer and one day.")
        if not len(who):
            return cls(who, when)
        low, span = int(when.min()), int(when.max() - when.min()) + 1
        packed = np.unique(who * span + (when - low))
        return cls(packed // span, packed % span + low)

    def known_on(self, origin: int) -> Known:
        before = self.day <= origin
        customer, day = self.customer[before], self.day[before]
        who, first, count = np.unique(customer, return_index=True, return_counts=True)
        begun, ended = day[first], day[first + count - 1]
        return Known(origin, who, count - 1, ended - begun, origin - begun)

    def count_after(self, known: Known, horizon: int) -> Whole:
        """Purchases of each of `known` in the `horizon` days after (rows,)."""
        within = (self.day > known.origin) & (self.day <= known.origin + horizon)
        place = np.searchsorted(known.customer, self.customer[within])
        place = np.minimum(place, max(len(known.customer) - 1, 0))
        theirs = self.customer[within]
        old = known.customer[place] == theirs if len(known.customer) else np.zeros(0, bool)
        return np.bincount(place[old], minlength=len(known.customer)).astype(np.int64)

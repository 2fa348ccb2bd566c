"""Purchase days as arrays: whoever bought by a day, what they did until then and what they did afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Amounts = NDArray[np.float64]
Day = tuple[bytes, int, float]  # a customer's id, the day's ordinal, what was bought on it


@dataclass(frozen=True)
class Watched:
    """Customers at the end of a day. Arrays (n,): repeats x, days from the first purchase to the last and to that
    end, and the mean of the repeats' amounts (0 without any)."""

    customer: Numbers
    x: Numbers
    last: Numbers
    age: Numbers
    mean: Amounts


@dataclass(frozen=True)
class PurchaseDays:
    """Arrays over purchase days, by customer and then by day; `first` is each customer's first one."""

    ids: list[bytes]
    customer: Numbers
    day: Numbers
    amount: Amounts

    @classmethod
    def of(cls, days: Iterable[Day]) -> "PurchaseDays":
        """Days come by customer, then in order, one a day."""
        ids: dict[bytes, int] = {}
        customer, day, amount = [], [], []
        for id, on, bought in days:
            customer.append(ids.setdefault(id, len(ids)))
            day.append(on)
            amount.append(bought)
        return cls(
            list(ids),
            np.array(customer, np.int64),
            np.array(day, np.int64),
            np.array(amount, float),
        )

    @property
    def first_day(self) -> int:
        return int(self.day.min())

    def watched(self, until: int) -> Watched:
        """Whoever had bought by the end of day `until`."""
        seen = self.day <= until
        customer, day, amount = self.customer[seen], self.day[seen], self.amount[seen]
        own, begins, count = np.unique(customer, return_index=True, return_counts=True)
        first, last = day[begins], day[begins + count - 1]
        spent = np.add.reduceat(amount, begins) - amount[begins] if len(begins) else np.zeros(0)
        x = count - 1
        mean = np.divide(spent, x, out=np.zeros(len(x)), where=x > 0)
        return Watched(own, x, last - first, until - first, mean)

    def bought_between(self, customer: Numbers, after: int, until: int) -> Numbers:
        """Purchase days of each of these after a day, up to another."""
        inside = (self.day > after) & (self.day <= until)
        counts = np.bincount(self.customer[inside], minlength=len(self.ids))
        return np.asarray(counts[customer], np.int64)

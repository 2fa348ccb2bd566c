"""Purchase days as arrays: whoever bought by a day, what they did until then and what they did afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Amounts = NDArray[np.float64]
Day = tuple[
    bytes, int, float, str
]  # a customer's id, the day's ordinal, what was bought on it in a currency
SEVERAL: Final = -1


@dataclass(frozen=True)
class Watched:
    """Customers at the end of a day. Arrays (n,): repeats x, days from the first purchase to the last and to that
    end, the mean of the repeats' amounts (0 without any), and the place of the one currency that they bought in
    (SEVERAL where it was not one: then the mean means nothing)."""

    customer: Numbers
    x: Numbers
    last: Numbers
    age: Numbers
    mean: Amounts
    currency: Numbers


@dataclass(frozen=True)
class PurchaseDays:
    """Arrays over purchase days, by customer and then by day; `ids` and `currencies` are what they point to."""

    ids: list[bytes]
    currencies: list[str]
    customer: Numbers
    day: Numbers
    amount: Amounts
    currency: Numbers

    @classmethod
    def of(cls, days: Iterable[Day]) -> "PurchaseDays":
        """Rows come by customer, then in order of their days; two of one day are one purchase day."""
        ids: dict[bytes, int] = {}
        currencies: dict[str, int] = {}
        rows: list[tuple[int, int, float, int]] = []
        for id, on, bought, spelt in days:
            customer = ids.setdefault(id, len(ids))
            currency = currencies.setdefault(spelt, len(currencies))
            if rows and rows[-1][:2] == (customer, on):
                rows[-1] = (customer, on, rows[-1][2] + bought, SEVERAL)
            else:
                rows.append((customer, on, bought, currency))
        customers, ordinals, amounts, places = zip(*rows, strict=True) if rows else ((), (), (), ())
        return cls(
            list(ids), list(currencies), np.array(customers, np.int64), np.array(ordinals, np.int64),
            np.array(amounts, float), np.array(places, np.int64),
        )  # fmt: skip

    @property
    def first_day(self) -> int:
        return int(self.day.min())

    def watched(self, until: int) -> Watched:
        """Whoever had bought by the end of day `until`."""
        seen = self.day <= until
        customer, day, amount = self.customer[seen], self.day[seen], self.amount[seen]
        own, begins, count = np.unique(customer, return_index=True, return_counts=True)
        if not len(own):
            nobody = np.zeros(0, np.int64)
            return Watched(nobody, nobody, nobody, nobody, np.zeros(0), nobody)
        first, last = day[begins], day[begins + count - 1]
        spent = np.add.reduceat(amount, begins) - amount[begins]
        x = count - 1
        mean = np.divide(spent, x, out=np.zeros(len(x)), where=x > 0)
        places = self.currency[seen]
        low, high = (each.reduceat(places, begins) for each in (np.minimum, np.maximum))
        return Watched(
            own, x, last - first, until - first, mean, np.where(low == high, low, SEVERAL)
        )

    def bought_between(self, customer: Numbers, after: int, until: int) -> Numbers:
        """Purchase days of each of these after a day, up to another."""
        inside = (self.day > after) & (self.day <= until)
        counts = np.bincount(self.customer[inside], minlength=len(self.ids))
        return np.asarray(counts[customer], np.int64)

    def latest_currency(self, customer: Numbers, until: int) -> list[str]:
        """That of each one's last purchase day; of a day with several, any of the customer's."""
        seen = (self.day <= until) & (self.currency != SEVERAL)
        latest = np.zeros(len(self.ids), np.int64)
        latest[self.customer[seen]] = self.currency[seen]
        return [self.currencies[place] for place in latest[customer]]

"""Purchase days as they are told: whose, when, how much, in which currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from guanxi_analytics.modelling.climbing import Vector
from guanxi_analytics.modelling.purchase_days import Known, PurchaseDays, Whole

# A customer's id, the day's ordinal, what was bought on it in a currency.
Day = tuple[bytes, int, float, str]
SEVERAL: Final = -1


@dataclass(frozen=True)
class Purchases:
    """`amount` and `currency` (n,) are of the rows of `days`, `ids` and `currencies` what its customers and they point
    to. A day in several currencies has none (SEVERAL), and its amount means nothing."""

    ids: list[bytes]
    currencies: list[str]
    days: PurchaseDays
    amount: Vector
    currency: Whole

    @classmethod
    def of(cls, told: Iterable[Day]) -> "Purchases":
        """Rows come by customer, then in order of their days; two of one day are one purchase day."""
        ids: dict[bytes, int] = {}
        currencies: dict[str, int] = {}
        rows: list[tuple[int, int, float, int]] = []
        for id, on, bought, spelt in told:
            customer = ids.setdefault(id, len(ids))
            currency = currencies.setdefault(spelt, len(currencies))
            if rows and rows[-1][:2] == (customer, on):
                rows[-1] = (customer, on, rows[-1][2] + bought, SEVERAL)
            else:
                rows.append((customer, on, bought, currency))
        customers, ordinals, amounts, places = zip(*rows, strict=True) if rows else ((), (), (), ())
        return cls(
            list(ids), list(currencies), PurchaseDays.of(customers, ordinals), np.array(amounts, float),
            np.array(places, np.int64),
        )  # fmt: skip

    def spent(self, known: Known) -> tuple[Vector, Whole]:
        """Of those known: the mean amount of the repeats (0 without any), and the place of the one currency that they
        bought in (SEVERAL where it was not one: then the mean means nothing)."""
        seen = self.days.day <= known.origin
        if not len(known.customer):
            return np.zeros(0), np.zeros(0, np.int64)
        amount, places = self.amount[seen], self.currency[seen]
        begins = np.searchsorted(self.days.customer[seen], known.customer)
        repeats = np.add.reduceat(amount, begins) - amount[begins]
        mean = np.divide(repeats, known.x, out=np.zeros(len(known.x)), where=known.x > 0)
        low, high = (each.reduceat(places, begins) for each in (np.minimum, np.maximum))
        return mean, np.where(low == high, low, SEVERAL)

    def latest_currency(self, known: Known) -> list[str]:
        """That of each one's last purchase day; of a day with several, any of the customer's."""
        seen = (self.days.day <= known.origin) & (self.currency != SEVERAL)
        latest: NDArray[np.int64] = np.zeros(len(self.ids), np.int64)
        latest[self.days.customer[seen]] = self.currency[seen]
        return [self.currencies[place] for place in latest[known.customer]]

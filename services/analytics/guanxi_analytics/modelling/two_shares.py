"""How far two shares lie apart, and between what the difference lies.

Newcombe's hybrid of two Wilson intervals (1998, Statistics in Medicine 17(8) 873-890, method 10): with shares p, q and
their intervals (l, u) and (l', u'),

    p - q - √((p - l)² + (u' - q)²)   to   p - q + √((u - p)² + (q - l')²)

It holds what it says where one of the shares is near 0 or 1, as responses to campaigns are; the textbook's interval does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from guanxi_shared.intervals import mean_interval, wilson


@dataclass(frozen=True, slots=True)
class Difference:
    """`one - other`, as shares from -1 to 1, and the 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def is_beyond_chance(self) -> bool:
        return self.low > 0 or self.high < 0


def difference(count: int, n: int, other_count: int, other_n: int) -> Difference:
    """Of `count` among `n` against `other_count` among `other_n`. ValueError of nobody on a side, or more than all."""
    for each, of in ((count, n), (other_count, other_n)):
        if of < 1 or not 0 <= each <= of:
            raise ValueError("A share is of at least one, and of no more than there are.")
    p, q = count / n, other_count / other_n
    (low, high), (other_low, other_high) = wilson(count, n), wilson(other_count, other_n)
    below = sqrt((p - low) ** 2 + (other_high - q) ** 2)
    above = sqrt((high - p) ** 2 + (q - other_low) ** 2)
    return Difference(p - q, p - q - below, p - q + above)


def mean_difference(gains: Sequence[float]) -> Difference:
    """The mean of paired gains and where it lies, by their own scatter. ValueError of fewer than two."""
    if len(gains) < 2:
        raise ValueError("A mean with an interval takes two.")
    mean = fmean(gains)
    low, high = mean_interval(mean, stdev(gains, mean), len(gains)) or (mean, mean)
    return Difference(mean, low, high)

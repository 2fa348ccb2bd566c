"""Customers' purchases as three whole numbers each: the sufficient statistics of buy-till-you-die models.

x       repeat purchases: days with one, after the first
last    days from the first purchase to the last, 0 without a repeat
age     days from the first purchase to the end of what was watched
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guanxi_analytics.modelling.climbing import Vector

MOST: Final = 1 << 21  # of purchases and days: three such numbers fit into one of 64 bits
SAMPLE: Final = 2_000


@dataclass(frozen=True)
class Histories:
    """Each distinct history once, and how many customers have it. Arrays (rows,); times in `unit` days."""

    x: Vector
    last: Vector
    age: Vector
    count: Vector
    unit: float

    @cached_property
    def customers(self) -> int:
        return int(self.count.sum())

    @cached_property
    def buying_again(self) -> int:
        return int(self.count[self.x > 0].sum())

    @property
    def purchases(self) -> float:
        """All repeats: a likelihood has the dimension of time^-purchases."""
        return float(self.beyond.sum())

    @cached_property
    def beyond(self) -> Vector:
        """(k,): N(x > k), how many customers have more than k repeats; k from 0 to the largest x - 1."""
        by_x = np.bincount(self.x.astype(np.int64), weights=self.count)
        return np.asarray(by_x[::-1].cumsum()[::-1][1:])

    @cached_property
    def mean_age(self) -> float:
        return float(np.average(self.age, weights=self.count))

    def sample(self, rows: int = SAMPLE) -> "Histories":
        """Every so-manieth row: to begin with."""
        stride = max(1, len(self.x) // rows)
        return Histories(
            self.x[::stride],
            self.last[::stride],
            self.age[::stride],
            self.count[::stride],
            self.unit,
        )

    def over(self, factor: float) -> "Histories":
        """Times divided by a factor: the unit becomes that much longer."""
        return Histories(
            self.x, self.last / factor, self.age / factor, self.count, self.unit * factor
        )


def histories(x: ArrayLike, last: ArrayLike, age: ArrayLike, *, unit: float = 7.0) -> Histories:
    """Of customers (n,), whole numbers; `unit` is how many days the times are given in (7: weeks).

    Packed into one number each and counted, which is what makes a fit quick: 23,570 customers of CDNOW are 8,685
    histories. ValueError names what does not fit.
    """
    columns = [_whole(each, name) for each, name in ((x, "x"), (last, "last"), (age, "age"))]
    purchases, until, whole = columns
    if not len(purchases) == len(until) == len(whole):
        raise ValueError("x, last and age have different lengths.")
    if not len(whole):
        raise ValueError("There are no customers.")
    if np.any(until > whole):
        raise ValueError("A last purchase lies after the end of what was watched.")
    if np.any((purchases == 0) != (until == 0)):
        raise ValueError(
            "A repeat purchase lies on another day than the first one, and only then is there a last."
        )
    packed, count = np.unique((purchases << 42) | (until << 21) | whole, return_counts=True)
    low = MOST - 1
    return Histories(
        (packed >> 42).astype(float), ((packed >> 21) & low) / unit, (packed & low) / unit,
        count.astype(float), unit,
    )  # fmt: skip


def _whole(values: ArrayLike, name: str) -> NDArray[np.int64]:
    given = np.asarray(values)
    found = given.astype(np.int64)
    if given.ndim != 1 or not np.array_equal(found, given):
        raise ValueError(f"{name} is not a row of whole numbers.")
    if len(found) and (found.min() < 0 or found.max() >= MOST):
        raise ValueError(f"{name} lies outside 0 to {MOST - 1:,}.")
    return found

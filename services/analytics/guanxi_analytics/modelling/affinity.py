"""Pairs of products that are bought together, of all baskets at once: the sparse product X'X of baskets x products."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix, triu

from guanxi_analytics.modelling.climbing import Vector
from guanxi_analytics.modelling.significance import benjamini_hochberg, fisher

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """Each pair once, first < second, sorted; baskets with both, with each, and of all: (pairs,)."""

    first: Counts
    second: Counts
    both: Counts
    of_first: Counts
    of_second: Counts
    baskets: int

    @property
    def lift(self) -> Vector:
        expected = self.of_first.astype(float) * self.of_second
        return np.asarray(self.both * float(self.baskets) / expected)

    @property
    def leverage(self) -> Vector:
        n = float(self.baskets)
        return np.asarray(self.both / n - self.of_first / n * (self.of_second / n))

    def p(self) -> Vector:
        """Fisher's exact test, one-sided: see significance.py."""
        return fisher(
            self.both, self.of_first, self.of_second, np.full_like(self.both, self.baskets)
        )

    def q(self, *, tests: int | None = None) -> Vector:
        """The false discovery rate at which each pair counts, among these; of more `tests`, those that are not here are
        taken to have found nothing."""
        return benjamini_hochberg(self.p(), tests=tests)


def pairs(basket: ArrayLike, product: ArrayLike, *, least: int = 1) -> Pairs:
    """Of lines (n,): a basket and a product each, both numbered from 0; those of at least `least` baskets. A product
    twice in a basket counts once."""
    basket, product = np.asarray(basket, np.int64), np.asarray(product, np.int64)
    if basket.shape != product.shape or basket.ndim != 1:
        raise ValueError("A line has one basket and one product.")
    if not len(basket):
        none = np.empty(0, np.int64)
        return Pairs(none, none, none, none, none, 0)
    table = csr_matrix((np.ones(len(basket), np.int32), (basket, product)))
    table.data[:] = 1  # duplicates were added up
    together = triu(table.T @ table, k=1).tocoo()
    kept = together.data >= least
    order = np.lexsort((together.col[kept], together.row[kept]))
    first, second = (each[kept][order].astype(np.int64) for each in (together.row, together.col))
    each = np.bincount(table.indices, minlength=table.shape[1])
    return Pairs(
        first, second, together.data[kept][order].astype(np.int64), each[first], each[second],
        int(np.count_nonzero(np.diff(table.indptr))),
    )  # fmt: skip

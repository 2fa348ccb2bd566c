"""Which of many findings are more than luck.

Fisher's exact test of a 2 x 2 table, one-sided: the chance of at least as many joint baskets if A and b had nothing to
do with each other (hypergeometric; Fisher 1922). Of m tests those with p_(k) <= k q / m have a false discovery rate of at
most q (Benjamini and Hochberg 1995, J. Royal Statistical Society B 57(1)); what is given here is the least such q of each.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, hypergeom

from guanxi_analytics.modelling.climbing import Vector


def fisher(both: ArrayLike, one: ArrayLike, other: ArrayLike, n: ArrayLike) -> Vector:
    """p of at least `both` of n that have one and other; counts (rows,)."""
    both, one, other, n = (np.asarray(each, np.int64) for each in (both, one, other, n))
    return np.asarray(hypergeom.sf(both - 1, n, one, other), float)


def chi_squared(both: ArrayLike, one: ArrayLike, other: ArrayLike, n: ArrayLike) -> Vector:
    """p of Pearson's test with one degree of freedom, two-sided; 1 where a margin is empty or full."""
    both, one, other, n = (np.asarray(each, float) for each in (both, one, other, n))
    margins = one * other * (n - one) * (n - other)
    known = margins > 0
    figure = n * (both * n - one * other) ** 2 / np.where(known, margins, 1.0)
    return np.asarray(chi2.sf(np.where(known, figure, 0.0), 1))


def benjamini_hochberg(p: ArrayLike, *, tests: int | None = None) -> Vector:
    """q of each p, in the order given (rows,). `tests`: how many were made, if more than are given; the others count as
    p = 1, which makes q greater and never less."""
    p = np.asarray(p, float)
    m = len(p) if tests is None else tests
    if m < len(p):
        raise ValueError("There are more p values than tests.")
    order = np.argsort(p, kind="stable")[::-1]
    ranks = np.arange(len(p), 0, -1)
    found = np.empty_like(p)
    found[order] = np.minimum(1.0, np.minimum.accumulate(p[order] * m / ranks))
    return found

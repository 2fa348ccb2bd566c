"""BG/NBD and MBG/NBD: the purchases to come.

Given that a customer is alive, with rate λ ~ gamma(ρ, A) and p ~ beta(a, c), the purchases in t are
(1 - e^(-λpt))/p on average; over λ that is (1 - (A/(A+pt))^ρ)/p, and over p a mean by Gauss and Jacobi. Fader, Hardie
and Lee (2005) give the same mean as a hypergeometric function, which is singular at a = 1 and not finite in many places
where the mean is. With 48 nodes the two agree to 1e-9 while t is below 15 A.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from guanxi_analytics.modelling.beta_geometric import BG_NBD, Model, alive
from guanxi_analytics.modelling.beta_nodes import beta_nodes
from guanxi_analytics.modelling.climbing import Vector

ROWS: Final = 4_096


def expected(parameters: ArrayLike, periods: ArrayLike, model: Model = BG_NBD) -> Vector:
    """E[X(t)], purchases of a new customer in each of `periods` after the first one (t,)."""
    periods = np.atleast_1d(np.asarray(periods, float))
    nobody = np.zeros(len(periods))
    return expected_after(parameters, nobody, nobody, nobody, periods, model)


def expected_after(
    parameters: ArrayLike, x: ArrayLike, last: ArrayLike, age: ArrayLike, periods: ArrayLike,
    model: Model = BG_NBD,
) -> Vector:  # fmt: skip
    """Purchases in the `periods` to come, given a history; all arrays (n,), or single numbers."""
    columns = [np.atleast_1d(np.asarray(each, float)) for each in (x, last, age, periods)]
    x, last, age, periods = np.broadcast_arrays(*columns)
    r, alpha, a, b = np.asarray(parameters, float)
    kinds, of_kind = np.unique(x, return_inverse=True)
    nodes, weights = beta_nodes(a, b + kinds + model.first_may_be_last)
    found = np.empty(len(x))
    for begin in range(0, len(x), ROWS):
        rows = slice(begin, begin + ROWS)
        p, w = nodes[of_kind[rows]], weights[of_kind[rows]]
        pace = np.log1p(p * (periods[rows] / (alpha + age[rows]))[:, None])
        found[rows] = np.einsum("ij,ij->i", w, -np.expm1(-(r + x[rows])[:, None] * pace) / p)
    return alive(parameters, x, last, age, model) * found


def active_within(
    parameters: ArrayLike, x: ArrayLike, last: ArrayLike, age: ArrayLike, periods: ArrayLike,
    model: Model = BG_NBD,
) -> Vector:  # fmt: skip
    """P(at least one purchase within `periods`) (n,): P(alive) [1 - (A/(A+t))^ρ]; the first purchase to come is made
    by whoever is alive, whatever p is."""
    r, alpha, _, _ = np.asarray(parameters, float)
    often, whole = np.asarray(x, float), np.asarray(age, float)
    ahead = np.log1p(np.asarray(periods, float) / (alpha + whole))
    return np.asarray(alive(parameters, x, last, age, model) * -np.expm1(-(r + often) * ahead))

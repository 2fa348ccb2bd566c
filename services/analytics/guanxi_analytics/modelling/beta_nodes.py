"""Means over a beta distribution, by Gauss and Jacobi.

Nodes are the eigenvalues of the tridiagonal matrix of the recurrence of Jacobi's polynomials on 0 to 1, weights the
squares of the first entries of its eigenvectors (Golub and Welsch 1969, Math. Comp. 23): quotients of polynomials in
the parameters, so that no parameters are too large or too small, as they are for gamma functions.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from guanxi_analytics.modelling.climbing import Vector

NODES: Final = 48


def beta_nodes(a: float, b: ArrayLike, *, count: int = NODES) -> tuple[Vector, Vector]:
    """Nodes within 0 to 1 and weights that sum to 1, for each beta(a, b): (m, count) each for b of (m,)."""
    b = np.atleast_1d(np.asarray(b, float))[:, None]
    k = np.arange(count, dtype=float)
    s = a + b - 2
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (2 * k * (k + s + 1) + s * a) / ((2 * k + s) * (2 * k + s + 2))
    middle[:, :1] = a / (a + b)
    j = k[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        beside = j * (j + b - 1) * (j + a - 1) * (j + s)
        beside /= (2 * j + s) ** 2 * (2 * j + s + 1) * (2 * j + s - 1)
    beside[:, :1] = a * b / ((a + b) ** 2 * (a + b + 1))  # the variance
    matrices = np.zeros((len(b), count, count))
    at = np.arange(count)
    matrices[:, at, at] = middle
    matrices[:, at[1:], at[:-1]] = np.sqrt(beside)  # eigh reads the lower half
    nodes, vectors = np.linalg.eigh(matrices)
    return np.clip(nodes, np.finfo(float).tiny, 1.0), vectors[:, 0, :] ** 2

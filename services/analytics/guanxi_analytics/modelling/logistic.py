"""Logistic regression of a few columns, by Newton's method, with what is needed to test one model against another.

Log-likelihood Σ y η - ln(1 + e^η), η = Xb, less a ridge of ½ λ |b|² on all but the first column (the intercept), which
keeps b finite where an outcome is separated. Columns are best of the size of 1.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit

from guanxi_analytics.modelling.climbing import Vector

RIDGE: Final = 1e-4
MOST_STEPS: Final = 60


@dataclass(frozen=True)
class Logistic:
    """Coefficients (k,), their covariance (k, k) and the log-likelihood (without the ridge)."""

    coefficients: Vector
    covariance: Vector
    log_likelihood: float

    def at(self, columns: Vector) -> tuple[Vector, Vector, Vector]:
        """Probability, and its pointwise 95% interval: (m,) each, of columns (m, k)."""
        middle = columns @ self.coefficients
        error = np.sqrt(np.einsum("ij,jk,ik->i", columns, self.covariance, columns))
        low, high = (
            np.asarray(expit(middle + sign * 1.959963984540054 * error)) for sign in (-1, 1)
        )
        return np.asarray(expit(middle)), low, high


def fit(columns: Vector, outcomes: Vector, weights: Vector | None = None) -> Logistic:
    """`columns` (n, k) with the intercept first, outcomes 0 to 1 (n,), weights (n,): how many cases a row stands for."""
    n, k = columns.shape
    count = np.ones(n) if weights is None else weights
    ridge = np.full(k, RIDGE)
    ridge[0] = 0.0
    b = np.zeros(k)
    for _ in range(MOST_STEPS):
        p = expit(columns @ b)
        gradient = columns.T @ (count * (outcomes - p)) - ridge * b
        information = (columns.T * (count * p * (1 - p))) @ columns + np.diag(ridge + 1e-12)
        move = np.linalg.solve(information, gradient)
        b = b + move * min(1.0, 5.0 / max(float(np.abs(move).max()), 1e-300))
        if float(np.abs(move).max()) < 1e-10:
            break
    eta = columns @ b
    value = float(count @ (outcomes * eta - np.logaddexp(0, eta)))
    return Logistic(b, np.asarray(np.linalg.inv(information)), value)

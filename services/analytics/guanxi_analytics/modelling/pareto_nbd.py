"""Pareto/NBD: customers buy at their own rate until, at a moment nobody sees, they are gone.

Purchases come at rate λ ~ gamma(r, α), the lifetime is exponential with rate μ ~ gamma(s, β) (Schmittlein, Morrison
and Colombo 1987, Management Science 33(1); Fader, Hardie and Lee 2005, J. Marketing Research 42(4) 415-430):

    L = (r)_x α^r β^s { (α+T)^-(r+x) (β+T)^-s + s ∫_t^T (α+u)^-(r+x) (β+u)^-(s+1) du }

The integral is taken by Gauss and Legendre in ln(min(α, β) + u) instead of by a difference of hypergeometric functions,
which cancels: on CDNOW 24 nodes agree with 128 to 1e-11. Its weights in the sum are those of the ways in which a customer may
be gone, so gradient and Hessian are moments over the same nodes. Times in one unit; α and β in that unit.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import exprel

from guanxi_analytics.modelling.climbing import Fit, Surface, Vector, climb, fitted
from guanxi_analytics.modelling.histories import Histories

NAMES: Final = ("r", "alpha", "s", "beta")
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)
NEGLIGIBLE: Final = 40.0  # e^-40 of the largest value: the integrand is not followed further
ROWS: Final = 4_096  # at once: what they need stays in the processor's cache


def fit(data: Histories) -> Fit:
    """By maximum likelihood; α, β and the times of `data` in the same unit. Starts from a sample."""
    scale = data.mean_age or 1.0
    scaled = data.over(scale)
    sample = scaled.sample(500)
    start, _, _ = climb(lambda p: surface(p, sample), np.zeros(4), sample.customers)
    return fitted(
        lambda p: surface(p, scaled), np.exp(start), names=NAMES, customers=data.customers,
        scale=np.array([1.0, scale, 1.0, scale]), shift=-data.purchases * float(np.log(scale)),
    )  # fmt: skip


def surface(parameters: Vector, data: Histories) -> Surface:
    """Log-likelihood, gradient (4,) and Hessian (4, 4) by r, α, s, β."""
    value, gradient, hessian = _outside(parameters, data)
    for begin in range(0, len(data.x), ROWS):
        rows = slice(begin, begin + ROWS)
        part = _inside(parameters, data.x[rows], data.last[rows], data.age[rows], data.count[rows])
        value, gradient, hessian = value + part[0], gradient + part[1], hessian + part[2]
    return value, gradient, hessian


def _outside(parameters: Vector, data: Histories) -> Surface:
    """Of (r)_x α^r β^s over all customers."""
    r, alpha, s, beta = parameters
    n, beyond, k = float(data.customers), data.beyond, np.arange(len(data.beyond))
    value = beyond @ np.log(r + k) + n * (r * np.log(alpha) + s * np.log(beta))
    gradient = np.array(
        [beyond @ (1 / (r + k)) + n * np.log(alpha), n * r / alpha, n * np.log(beta), n * s / beta]
    )
    hessian = np.diag([-beyond @ (1 / (r + k) ** 2), -n * r / alpha**2, 0.0, -n * s / beta**2])
    hessian[0, 1] = hessian[1, 0] = n / alpha
    hessian[2, 3] = hessian[3, 2] = n / beta
    return float(value), gradient, hessian


def _inside(parameters: Vector, x: Vector, last: Vector, age: Vector, n: Vector) -> Surface:
    """Of the brace. Ways (25, rows): gone around each node, or alive; p their shares."""
    r, _, s, _ = parameters
    logs, (log_alpha, log_beta), p = _ways(parameters, x, last, age)
    weighted = p * n
    over_alpha, over_beta = np.exp(-log_alpha), np.exp(-log_beta)
    rate = r + x
    death = np.full((len(logs), 1), s + 1)  # how often ln(β+u) counts; once less when alive
    death[-1] = s
    born = np.full((len(logs), 1), 1 / s)
    born[-1] = 0.0
    slopes = (-log_alpha, -rate * over_alpha, born - log_beta, -death * over_beta)
    means = [np.einsum("ij,ij->j", p, slope) for slope in slopes]
    gradient = np.array([n @ mean for mean in means])
    hessian = np.empty((4, 4))
    for i in range(4):
        held = weighted * slopes[i]
        for j in range(i, 4):
            hessian[i, j] = hessian[j, i] = _sum(held, slopes[j]) - float(n @ (means[i] * means[j]))
    bends = {
        (0, 1): -_sum(weighted, over_alpha), (1, 1): _sum(weighted * rate, over_alpha**2),
        (2, 2): -(weighted[:-1].sum()) / s**2, (2, 3): -_sum(weighted, over_beta),
        (3, 3): _sum(weighted * death, over_beta**2),
    }  # fmt: skip
    for (i, j), bend in bends.items():
        hessian[i, j] += bend
        hessian[j, i] += bend if i != j else 0.0
    return float(n @ _log_sum(logs)), gradient, hessian


def _sum(one: Vector, other: Vector) -> float:
    """Of products. By einsum: a BLAS would wake its threads for each of these small tables, which costs more."""
    return float(np.einsum("ij,ij->", one, other))


def _ways(
    parameters: Vector, x: Vector, last: Vector, age: Vector
) -> tuple[Vector, tuple[Vector, Vector], Vector]:
    """Logarithms of the terms of the brace (25, rows), those of α+u and β+u there, and the terms' shares."""
    r, alpha, s, beta = parameters
    shift = min(alpha, beta)
    low = shift + last
    steep = np.maximum((r + x) * low / (alpha + last) + (s + 1) * low / (beta + last) - 1, 0)
    with np.errstate(divide="ignore"):
        half = np.minimum(np.log((shift + age) / low), NEGLIGIBLE / steep) / 2
        log_half = np.log(half)
    beyond = half * (NODES[:, None] + 1)
    u = np.concatenate([low * np.expm1(beyond) + last, age[None]])
    log_alpha, log_beta = np.log(alpha + u), np.log(beta + u)
    logs = -(r + x) * log_alpha - s * log_beta
    logs[:-1] += np.log(s * WEIGHTS)[:, None] + (log_half + np.log(low)) + beyond - log_beta[:-1]
    top = logs.max(axis=0)
    shares = np.exp(logs - top)
    return logs, (log_alpha, log_beta), shares / shares.sum(axis=0)


def _log_sum(logs: Vector) -> Vector:
    top = logs.max(axis=0)
    return np.asarray(top + np.log(np.exp(logs - top).sum(axis=0)))


def alive(parameters: ArrayLike, x: ArrayLike, last: ArrayLike, age: ArrayLike) -> Vector:
    """P(alive at the end of `age`), 0 to 1 (n,): the share that the first term has in the brace."""
    return _by_rows(lambda p, *history: _ways(p, *history)[2][-1], parameters, x, last, age)


def _by_rows(
    of: Callable[..., Vector], parameters: ArrayLike, x: ArrayLike, last: ArrayLike, age: ArrayLike
) -> Vector:
    history = np.broadcast_arrays(*(np.atleast_1d(np.asarray(e, float)) for e in (x, last, age)))
    found = [
        of(np.asarray(parameters, float), *(each[begin : begin + ROWS] for each in history))
        for begin in range(0, len(history[0]), ROWS)
    ]
    return np.concatenate(found) if found else np.empty(0)


def expected(parameters: ArrayLike, periods: ArrayLike) -> Vector:
    """E[X(t)], purchases of a new customer in `periods` after the first (any shape):
    rβ/(α(s-1)) [1 - (β/(β+t))^(s-1)]."""
    r, alpha, s, beta = np.asarray(parameters, float)
    return np.asarray(r / alpha * _lived(s, beta, np.asarray(periods, float)))


def expected_after(
    parameters: ArrayLike, x: ArrayLike, last: ArrayLike, age: ArrayLike, periods: float
) -> Vector:
    """Purchases in the `periods` to come, given a history (n,): P(alive) (r+x)/(α+T) times how long the customer
    lives on among them."""
    r, alpha, s, beta = np.asarray(parameters, float)
    often, whole = np.asarray(x, float), np.asarray(age, float)
    pace = (r + often) / (alpha + whole) * _lived(s, beta + whole, np.asarray(periods, float))
    return np.asarray(alive(parameters, x, last, age) * pace)


def _lived(s: float, beta: Vector | float, periods: Vector) -> Vector:
    """The time alive among `periods`: β/(s-1) [1 - (β/(β+t))^(s-1)], which is β ln(1+t/β) at s = 1."""
    longer = np.log1p(periods / beta)
    return np.asarray(beta * longer * exprel((1 - s) * longer))

"""BG/NBD and MBG/NBD: how often customers buy, and after which purchase they are gone.

Purchases come by a Poisson process of rate λ ~ gamma(r, α); after each one a customer is gone with probability
p ~ beta(a, b) (Fader, Hardie and Lee 2005, Marketing Science 24(2) 275-284). In the modified model the first
purchase too may be the last (Batislam, Denizel and Filiztekin 2007, IJRM 24(3); Hoppe and Wagner 2007). With
y = x in BG/NBD, y = x + 1 in MBG/NBD, and (c)_k = c (c+1) … (c+k-1):

    L = (r)_x (b)_y / (a+b)_y α^r { (α+T)^-(r+x) + [y > 0] a/(b+y-1) (α+t)^-(r+x) }

The rising factorials are sums over counts N(x > k) of logarithms, so no gamma function is evaluated, and the brace
is a log-sum-exp: nothing overflows. All arrays (n,); times in one unit; α in that unit.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from guanxi_analytics.modelling.climbing import Fit, Surface, Vector, climb, fitted
from guanxi_analytics.modelling.histories import Histories

NAMES: Final = ("r", "alpha", "a", "b")
ROWS: Final = 4_096  # at once: they stay in the cache, and a BLAS wakes no threads for so few


@dataclass(frozen=True, slots=True)
class Model:
    """`first_may_be_last` is 1 where a customer may be gone after the first purchase."""

    name: str
    first_may_be_last: int


BG_NBD: Final = Model("BG/NBD", 0)
MBG_NBD: Final = Model("MBG/NBD", 1)


def fit(data: Histories, model: Model = BG_NBD) -> Fit:
    """By maximum likelihood; α and the times of `data` in the same unit. Starts from a sample of the histories."""
    scale = data.mean_age or 1.0
    scaled = data.over(scale)
    sample = scaled.sample()
    start, _, _ = climb(lambda p: surface(p, sample, model), np.zeros(4), sample.customers)
    return fitted(
        lambda p: surface(p, scaled, model), np.exp(start), names=NAMES, customers=data.customers,
        scale=np.array([1.0, scale, 1.0, 1.0]), shift=-data.purchases * float(np.log(scale)),
    )  # fmt: skip


def surface(parameters: Vector, data: Histories, model: Model = BG_NBD) -> Surface:
    """Log-likelihood, gradient (4,) and Hessian (4, 4) by r, α, a, b."""
    value, gradient, hessian = _factorials(parameters, data, model)
    for begin in range(0, len(data.x), ROWS):
        rows = slice(begin, begin + ROWS)
        part = _brace(
            parameters, data.x[rows], data.last[rows], data.age[rows], data.count[rows], model
        )
        value, gradient, hessian = value + part[0], gradient + part[1], hessian + part[2]
    return value, gradient, hessian


def _brace(
    parameters: Vector, x: Vector, last: Vector, age: Vector, n: Vector, model: Model
) -> Surface:
    """Of the brace, ln = -(r+x) ln(α+T) + ln(1 + e^odds); `gone` is the share of its second term."""
    r, alpha, a, b = parameters
    rate, y = r + x, x + model.first_may_be_last
    whole, until = 1 / (alpha + age), 1 / (alpha + last)
    log_whole = np.log(whole)
    gap = np.log(until) - log_whole
    odds, mortal = _odds(rate, gap, a, b, y)
    gone, shift = expit(odds), whole - until
    floor = np.where(mortal, 1 / np.where(mortal, b + y - 1, 1.0), 0.0)
    value = n @ (rate * log_whole + np.logaddexp(0, odds))
    slopes = np.stack([gap, rate * shift, np.full_like(gap, 1 / a), -floor])
    weight = n * gone
    weighted = slopes * weight
    gradient = weighted.sum(axis=1)
    gradient[0] += n @ log_whole
    gradient[1] -= n @ (rate * whole)
    hessian = (weighted * (1 - gone)) @ slopes.T
    bend = weight @ shift - n @ whole
    hessian[0, 1] += bend
    hessian[1, 0] += bend
    hessian[1, 1] += n @ (rate * whole**2) - weight @ (rate * (whole**2 - until**2))
    hessian[2, 2] -= weight.sum() / a**2
    hessian[3, 3] += weight @ floor**2
    return float(value), gradient, hessian


def _odds(
    rate: Vector, gap: Vector, a: float, b: float, y: Vector
) -> tuple[Vector, NDArray[np.bool_]]:
    """The logarithm of gone to alive, and where a customer may be gone at all."""
    mortal = y > 0
    at_least = np.where(mortal, b + y - 1, 1.0)
    return np.where(mortal, rate * gap - np.log(at_least / a), -np.inf), mortal


def _factorials(parameters: Vector, data: Histories, model: Model) -> Surface:
    """Of (r)_x α^r (b)_y / (a+b)_y over all customers."""
    r, alpha, a, b = parameters
    n, beyond = float(data.customers), data.beyond
    drops = np.concatenate([np.full(model.first_may_be_last, n), beyond])
    k, j = np.arange(len(beyond)), np.arange(len(drops))
    value = beyond @ np.log(r + k) + drops @ np.log((b + j) / (a + b + j)) + n * r * np.log(alpha)
    both = drops @ (1 / (a + b + j))
    gradient = np.array([
        beyond @ (1 / (r + k)) + n * np.log(alpha), n * r / alpha, -both, drops @ (1 / (b + j)) - both,
    ])  # fmt: skip
    hessian = np.zeros((4, 4))
    bend = drops @ (1 / (a + b + j) ** 2)
    hessian[2:, 2:] = bend
    hessian[3, 3] = bend - drops @ (1 / (b + j) ** 2)
    hessian[0, 0], hessian[1, 1] = -beyond @ (1 / (r + k) ** 2), -n * r / alpha**2
    hessian[0, 1] = hessian[1, 0] = n / alpha
    return float(value), gradient, hessian


def alive(
    parameters: ArrayLike, x: ArrayLike, last: ArrayLike, age: ArrayLike, model: Model = BG_NBD
) -> Vector:
    """P(alive at the end of `age`), 0 to 1 (n,). By BG/NBD 1 for who never came back."""
    return np.asarray(expit(log_odds_alive(parameters, x, last, age, model)))


def log_odds_alive(
    parameters: ArrayLike, x: ArrayLike, last: ArrayLike, age: ArrayLike, model: Model = BG_NBD
) -> Vector:
    """Of being alive to being gone (n,), any real number; infinite for who cannot be gone."""
    r, alpha, a, b = np.asarray(parameters, float)
    often, until, whole = (np.asarray(each, float) for each in (x, last, age))
    gap = np.log((alpha + whole) / (alpha + until))
    odds, _ = _odds(r + often, gap, a, b, often + model.first_may_be_last)
    return -odds

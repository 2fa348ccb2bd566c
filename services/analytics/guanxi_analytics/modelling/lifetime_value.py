"""CLV of customers without a contract: BG/NBD (or MBG/NBD) times Gamma-Gamma, within a horizon.

    CLV = margin · E[M | x, z] · P(alive) ∫_0^H e^(-δu) ρ/A E_p[(1 + pu/A)^-(ρ+1)] du

ρ = r + x, A = α + T, p ~ beta(a, b + y): each purchase to come is discounted at its moment, δ = ln(1 + d) of the yearly
rate d. Purchases until now and the first one are not in it. The two models are taken to be independent, as their authors
do. Arrays (n,); times in the unit of the fit, of which a year has `in_a_year`; money in one currency.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from guanxi_analytics.modelling import gamma_gamma
from guanxi_analytics.modelling.beta_geometric import BG_NBD, Model, alive
from guanxi_analytics.modelling.beta_nodes import beta_nodes
from guanxi_analytics.modelling.climbing import Fit, Vector, delta_error
from guanxi_shared.intervals import Z

ROWS: Final = 2_048
FINE: Final = (48, 12)  # nodes of p and moments of the horizon
COARSE: Final = (16, 6)  # for slopes, of which two digits are enough


@dataclass(frozen=True, slots=True)
class Terms:
    """What a value is stated with: it means nothing without them."""

    horizon: float  # in the unit of time of the fit
    discount: float  # of a year, 0.1: 10%
    margin: float = 1.0  # of revenue, 0 to 1; 1: the value is revenue
    in_a_year: float = 365.25 / 7

    def __post_init__(self) -> None:
        if not 0 < self.horizon < 100 * self.in_a_year:
            raise ValueError("The horizon is above 0 and below a hundred years.")
        if not 0 <= self.discount < 10:
            raise ValueError("The discount rate is from 0 to 10 (1: 100% a year).")
        if not 0 < self.margin <= 1:
            raise ValueError("The margin is above 0 and at most 1.")

    @property
    def delta(self) -> float:
        return float(np.log1p(self.discount)) / self.in_a_year


@dataclass(frozen=True)
class Customers:
    """Histories one by one, and the mean spend of the repeats (0 where there are none)."""

    x: Vector
    last: Vector
    age: Vector
    mean: Vector

    @classmethod
    def of(cls, x: ArrayLike, last: ArrayLike, age: ArrayLike, mean: ArrayLike) -> "Customers":
        columns = (np.atleast_1d(np.asarray(e, float)) for e in (x, last, age, mean))
        return cls(*np.broadcast_arrays(*columns))


@dataclass(frozen=True)
class Value:
    """Expected values (n,), and what 95% of the parameters that the data allow would say of them."""

    expected: Vector
    low: Vector
    high: Vector


def values(
    buying: Fit, spend: Fit, customers: Customers, terms: Terms, model: Model = BG_NBD
) -> Value:
    """With the interval of the delta method on the logarithm. It is the interval of the expectation: what one customer
    really spends scatters far more (see outcomes.py), and a sum's interval must come from back-tests."""
    purchases = discounted_purchases(buying.parameters, customers, terms, model)
    money = gamma_gamma.expected(spend.parameters, customers.x, customers.mean)
    expected = terms.margin * money * purchases
    tiny = np.finfo(float).tiny

    def log_purchases(parameters: Vector) -> Vector:
        found = discounted_purchases(parameters, customers, terms, model, nodes=COARSE)
        return np.asarray(np.log(np.maximum(found, tiny)))

    def log_money(parameters: Vector) -> Vector:
        return np.asarray(np.log(gamma_gamma.expected(parameters, customers.x, customers.mean)))

    error = np.hypot(delta_error(log_purchases, buying), delta_error(log_money, spend))
    spread = np.exp(np.minimum(Z * error, 700))
    return Value(expected, expected / spread, expected * spread)


def discounted_purchases(
    parameters: ArrayLike, customers: Customers, terms: Terms, model: Model = BG_NBD,
    *, nodes: tuple[int, int] = FINE,
) -> Vector:  # fmt: skip
    """Purchases within the horizon, each times its discount (n,)."""
    r, alpha, a, b = np.asarray(parameters, float)
    kinds, of_kind = np.unique(customers.x, return_inverse=True)
    places, weights = beta_nodes(a, b + kinds + model.first_may_be_last, count=nodes[0])
    moments, discounts = _calendar(terms, nodes[1])
    found = np.empty(len(customers.x))
    for begin in range(0, len(found), ROWS):
        rows = slice(begin, begin + ROWS)
        p, w = places[of_kind[rows]], weights[of_kind[rows]]
        rate, age = r + customers.x[rows], alpha + customers.age[rows]
        total = np.zeros(len(rate))
        for moment, discount in zip(moments, discounts, strict=True):
            still = np.exp(-(rate + 1)[:, None] * np.log1p(p * (moment / age)[:, None]))
            total += discount * np.einsum("ij,ij->i", w, still)
        found[rows] = total * rate / age
    return found * alive(parameters, customers.x, customers.last, customers.age, model)


def _calendar(terms: Terms, count: int) -> tuple[Vector, Vector]:
    """Moments of the horizon, and how much of what happens around each counts."""
    places, weights = np.polynomial.legendre.leggauss(count)
    moments = terms.horizon * (places + 1) / 2
    return moments, terms.horizon / 2 * weights * np.exp(-terms.delta * moments)

"""Gamma-Gamma: what a customer spends on a purchase, from the mean of a few.

A purchase is gamma(p, ν), ν of customers gamma(q, γ); the mean z of x purchases has (Fader and Hardie 2013, note 025;
Fader, Hardie and Lee 2005, J. Marketing Research 42(4))

    f(z | x) = Γ(px+q)/(Γ(px) Γ(q)) γ^q z^(px-1) x^(px) / (γ + xz)^(px+q)

Arrays (n,); z and γ (printed as v) in one currency. How much a customer spends is taken to say nothing of how often:
`dependence` shows whether that holds.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, polygamma, psi

from guanxi_analytics.modelling.climbing import Fit, Surface, Vector, climb, fitted

NAMES: Final = ("p", "q", "v")
SAMPLE: Final = 2_000


@dataclass(frozen=True)
class Spending:
    """Of customers with a mean above 0: purchases x and their mean (n,), and the counts of each x."""

    x: Vector
    mean: Vector
    kinds: Vector
    counts: Vector
    of_kind: NDArray[np.int64]

    def over(self, factor: float) -> "Spending":
        return Spending(self.x, self.mean / factor, self.kinds, self.counts, self.of_kind)

    def sample(self) -> "Spending":
        stride = max(1, len(self.x) // SAMPLE)
        return spending(self.x[::stride], self.mean[::stride])


def spending(x: ArrayLike, mean: ArrayLike) -> Spending:
    """Of all customers; those without a purchase or with a mean of 0 or less (refunds) are left out."""
    often: Vector = np.asarray(x, float)
    spent: Vector = np.asarray(mean, float)
    if often.shape != spent.shape or often.ndim != 1:
        raise ValueError("x and mean have different lengths.")
    kept = (often > 0) & (spent > 0) & np.isfinite(spent)
    often, spent = often[kept], spent[kept]
    kinds, of_kind, counts = np.unique(often, return_inverse=True, return_counts=True)
    return Spending(often, spent, kinds, counts.astype(float), of_kind)


def fit(data: Spending) -> Fit:
    """By maximum likelihood; v in the currency of the means."""
    if len(data.x) == 0:
        raise ValueError("Nobody spent anything.")
    scale = float(np.median(data.mean))
    scaled = data.over(scale)
    sample = scaled.sample()
    start, _, _ = climb(lambda p: surface(p, sample), np.log([2.0, 2.0, 1.0]), len(sample.x))
    return fitted(
        lambda p: surface(p, scaled), np.exp(start), names=NAMES, customers=len(data.x),
        scale=np.array([1.0, 1.0, scale]), shift=-len(data.x) * float(np.log(scale)),
    )  # fmt: skip


def surface(parameters: Vector, data: Spending) -> Surface:
    """Log-likelihood, gradient (3,) and Hessian (3, 3) by p, q, v."""
    p, q, v = parameters
    n, k, counts = float(len(data.x)), data.kinds, data.counts
    total = v + data.x * data.mean
    logs = np.log(data.x * data.mean / total)
    by_kind = np.bincount(data.of_kind, logs, len(k))
    over = 1 / total
    over_kind, over_kind2 = (np.bincount(data.of_kind, each, len(k)) for each in (over, over**2))
    sum_log = np.log(total).sum()
    both = p * k + q
    value = counts @ (gammaln(both) - gammaln(p * k)) - n * gammaln(q)
    value += p * (k @ by_kind) + q * (n * np.log(v) - sum_log) - np.log(data.mean).sum()
    gradient = np.array([
        counts @ (k * (psi(both) - psi(p * k))) + k @ by_kind,
        counts @ psi(both) - n * psi(q) + n * np.log(v) - sum_log,
        n * q / v - both @ over_kind,
    ])  # fmt: skip
    bend = polygamma(1, both)
    hessian = np.empty((3, 3))
    hessian[0, 0] = counts @ (k**2 * (bend - polygamma(1, p * k)))
    hessian[1, 1] = counts @ bend - n * polygamma(1, q)
    hessian[2, 2] = -n * q / v**2 + both @ over_kind2
    hessian[0, 1] = hessian[1, 0] = counts @ (k * bend)
    hessian[0, 2] = hessian[2, 0] = -k @ over_kind
    hessian[1, 2] = hessian[2, 1] = n / v - over_kind.sum()
    return float(value), gradient, hessian


def expected(parameters: ArrayLike, x: ArrayLike, mean: ArrayLike) -> Vector:
    """E[M | x, z], the money of a purchase to come (n,): p (v + x z) / (px + q - 1); of x = 0 the mean over customers.
    ValueError where it is infinite (px + q <= 1)."""
    p, q, v = np.asarray(parameters, float)
    x, mean = np.asarray(x, float), np.asarray(mean, float)
    below = p * x + q - 1
    if np.any(below <= 0):
        raise ValueError(
            "The mean spend of somebody without purchases is infinite: q is not above 1."
        )
    return np.asarray(p * (v + x * np.where(x > 0, mean, 0.0)) / below)


def dependence(x: ArrayLike, mean: ArrayLike) -> float:
    """Pearson's correlation of purchases and mean spend among those with both: the model takes it to be 0."""
    data = spending(x, mean)
    if len(data.x) < 3 or np.ptp(data.x) == 0 or np.ptp(data.mean) == 0:
        return 0.0
    return float(np.corrcoef(data.x, data.mean)[0, 1])

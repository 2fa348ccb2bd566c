"""How good probabilities were, from (probability, outcome) of many: arrays (n,), outcomes 0 or 1.

Brier   mean of (p - y)² (Brier 1950); 0 is perfect
AUC     the share of pairs with different outcomes in which the one with y = 1 has the higher p, ties half (Mann and
        Whitney 1947)
ECE     Σ n_b/n |mean p - mean y| over bins of equal width (Naeini, Cooper and Hauskrecht 2015); 0 is calibrated
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from guanxi_analytics.modelling.climbing import Vector
from guanxi_shared.intervals import Z, wilson


@dataclass(frozen=True, slots=True)
class Bin:
    """Of the calibration curve: mean prediction, share that it happened to, and its 95% interval."""

    n: int
    predicted: float
    observed: float
    low: float
    high: float


def brier(p: ArrayLike, y: ArrayLike) -> float:
    predicted, outcomes = checked(p, y)
    return float(np.mean((predicted - outcomes) ** 2))


def auc(p: ArrayLike, y: ArrayLike) -> float | None:
    """None when all had one outcome. `p` may be any score that grows with the chance."""
    scores, outcomes = np.asarray(p, float), np.asarray(y, float)
    n, happened = len(outcomes), int(outcomes.sum())
    if happened in (0, n):
        return None
    ranks = float(rankdata(scores)[outcomes > 0].sum())
    return (ranks - happened * (happened + 1) / 2) / (happened * (n - happened))


def calibration_error(p: ArrayLike, y: ArrayLike, *, bins: int = 10) -> float:
    predicted, outcomes = checked(p, y)
    which = np.minimum((predicted * bins).astype(int), bins - 1)
    differences = np.bincount(which, predicted - outcomes, bins)
    return float(np.abs(differences).sum() / len(outcomes))


def calibration_curve(p: ArrayLike, y: ArrayLike, *, bins: int = 10) -> list[Bin]:
    """Up to `bins` of about equal size in the order of the prediction; equal predictions stay together."""
    predicted, outcomes = checked(p, y)
    order = np.argsort(predicted, kind="stable")
    predicted, outcomes = predicted[order], outcomes[order]
    starts = np.searchsorted(predicted, predicted)  # the first of each one's equals
    which = starts * bins // len(predicted)
    return [_bin(predicted[which == b], outcomes[which == b]) for b in np.unique(which)]


def _bin(predicted: Vector, outcomes: Vector) -> Bin:
    n, happened = len(outcomes), int(outcomes.sum())
    low, high = wilson(happened, n)
    return Bin(n, float(predicted.mean()), happened / n, low, high)


def gain(
    p: ArrayLike, baseline: ArrayLike, y: ArrayLike, origin: ArrayLike | None = None
) -> tuple[float, float, float]:
    """How much lower the Brier score is than the baseline's, with a 95% interval: mean, low, high.

    The differences of the same cases are compared (paired). With `origin` (n,) those of a back-test's origin rise and
    fall together: their means vary with their own error (clustered, Liang and Zeger 1986), if there are three or more."""
    predicted, outcomes = checked(p, y)
    other, _ = checked(baseline, y)
    differences = (other - outcomes) ** 2 - (predicted - outcomes) ** 2
    n, mean = len(differences), float(differences.mean())
    variance = float(((differences - mean) ** 2).sum()) / (n * max(n - 1, 1))
    if origin is not None:
        _, which = np.unique(np.asarray(origin), return_inverse=True)
        groups = int(which.max()) + 1
        if groups >= 3:
            sums = np.bincount(which, differences - mean)
            clustered = float((sums**2).sum()) / n**2 * groups / (groups - 1)
            variance = max(variance, clustered)
    half = Z * variance**0.5
    return mean, mean - half, mean + half


def checked(p: ArrayLike, y: ArrayLike) -> tuple[Vector, NDArray[np.float64]]:
    """ValueError of what is no probability or no outcome, and of none."""
    predicted, outcomes = np.asarray(p, float), np.asarray(y, float)
    predicted, outcomes = np.broadcast_arrays(predicted, outcomes)
    if not outcomes.size or outcomes.ndim != 1:
        raise ValueError("There is nothing to judge a prediction by.")
    if not np.all((predicted >= 0) & (predicted <= 1)):
        raise ValueError("A probability lies outside 0 to 1.")
    if not np.all((outcomes == 0) | (outcomes == 1)):
        raise ValueError("An outcome is 0 or 1.")
    return predicted, outcomes

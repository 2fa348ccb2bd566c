"""How loyalty grows with satisfaction: two curves through what was seen, and whether a straight one would do.

Steps      the isotonic regression of the outcome on the score: the best curve that never falls (Barlow et al. 1972)
Smooth     logistic regression on a restricted cubic spline of the score (Harrell 2001), linear beyond the outer knots
Test       twice the gain in log-likelihood over a straight line in the log-odds, chi-squared with knots - 2 degrees
           of freedom

Jones and Sasser (1995) draw the curve bent, Anderson and Mittal (2000) differently for gains and losses, reviews find
that it depends on the market: nothing is assumed here. It says what went along with what, not what causes what.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import isotonic_regression
from scipy.stats import chi2

from guanxi_analytics.modelling import logistic
from guanxi_analytics.modelling.climbing import Vector
from guanxi_shared.intervals import wilson

FEWEST: Final = 50
FEWEST_OF_EACH: Final = 10
KNOTS: Final = {3: (0.1, 0.5, 0.9), 4: (0.05, 0.35, 0.65, 0.95)}


@dataclass(frozen=True, slots=True)
class Level:
    """Of a score: n, how many stayed, the share with its Wilson interval, and both curves there."""

    score: float
    n: int
    stayed: int
    share: float
    low: float
    high: float
    isotonic: float
    smooth: float
    smooth_low: float
    smooth_high: float


@dataclass(frozen=True, slots=True)
class LoyaltyCurve:
    """`p` of the test of a straight line, None with fewer than four scores; `is_bent` when it is below 0.05."""

    levels: tuple[Level, ...]
    n: int
    knots: tuple[float, ...]
    p: float | None
    is_bent: bool


def loyalty_curve(score: ArrayLike, stayed: ArrayLike) -> LoyaltyCurve:
    """Of customers (n,): their satisfaction, and 1 if they bought again or renewed afterwards. ValueError of fewer
    than fifty, or ten of either outcome, or of one score alone."""
    scores, outcomes = np.asarray(score, float), np.asarray(stayed, float)
    _refuse(scores, outcomes)
    levels, which = np.unique(scores, return_inverse=True)
    n = np.bincount(which).astype(float)
    kept = np.bincount(which, outcomes)
    steps = isotonic_regression(kept / n, weights=n).x
    knots = _knots(scores, len(levels))
    straight, bent = _columns(levels, ()), _columns(levels, knots)
    line, curve = (logistic.fit(each, kept / n, n) for each in (straight, bent))
    p = None
    if knots:
        gain = max(0.0, 2 * (curve.log_likelihood - line.log_likelihood))
        p = float(chi2.sf(gain, len(knots) - 2))
    curves = np.stack([steps, *curve.at(bent)], axis=1)
    rows = tuple(
        Level(float(level), int(m), int(k), float(k / m), *wilson(int(k), int(m)), *map(float, row))
        for level, m, k, row in zip(levels, n, kept, curves, strict=True)
    )
    return LoyaltyCurve(rows, len(scores), knots, p, p is not None and p < 0.05)


def _refuse(scores: Vector, outcomes: Vector) -> None:
    if scores.shape != outcomes.shape or scores.ndim != 1 or not np.all(np.isfinite(scores)):
        raise ValueError("Each customer has one score and one outcome.")
    if not np.all((outcomes == 0) | (outcomes == 1)):
        raise ValueError("An outcome is 0 or 1.")
    stayed = int(outcomes.sum())
    if len(scores) < FEWEST or min(stayed, len(scores) - stayed) < FEWEST_OF_EACH:
        raise ValueError(
            f"A curve takes {FEWEST} customers, {FEWEST_OF_EACH} of them who stayed and as many who did not; "
            f"there are {stayed} and {len(scores) - stayed}."
        )
    if np.ptp(scores) == 0:
        raise ValueError("Everybody gave the same score.")


def _knots(scores: Vector, levels: int) -> tuple[float, ...]:
    """By quantiles; evenly over the range where scores pile up. None below four different scores."""
    if levels < 4:
        return ()
    shares = KNOTS[4 if levels >= 6 and len(scores) >= 200 else 3]
    found = np.unique(np.quantile(scores, shares))
    if len(found) < len(shares):
        found = np.quantile([scores.min(), scores.max()], shares)
    return tuple(float(each) for each in found)


def _columns(score: Vector, knots: tuple[float, ...]) -> Vector:
    """Intercept, score, and for k knots k - 2 columns that are cubic between the knots and linear beyond."""
    middle, width = float(score.mean()), float(np.ptp(score))
    columns = [np.ones_like(score), (score - middle) / width]
    if knots:
        *inner, before, last = knots

        def cube(knot: float) -> Vector:
            return np.asarray(np.maximum(score - knot, 0) ** 3)

        gap = last - before
        for knot in inner:
            ends = cube(before) * (last - knot) / gap - cube(last) * (before - knot) / gap
            columns.append((cube(knot) - ends) / (last - knots[0]) ** 2 / width)
    return np.stack(columns, axis=1)

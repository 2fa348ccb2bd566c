"""Won, lost or still open, by age: the estimate of Aalen and Johansen (1978, Scand. J. Statistics 5(3)).

At each age t with d_k(t) endings of kind k among n(t) then at risk:

    F_k(t) = Σ_{s<=t} S(s-) d_k(s) / n(s)         S(t) = Π_{s<=t} (1 - Σ_k d_k(s) / n(s))

Deals that were first seen at an age (imported, moved here) are at risk from then on (left truncation). Σ_k F_k + S = 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guanxi_analytics.modelling.climbing import Vector

OPEN = 0


@dataclass(frozen=True)
class Incidence:
    """`ages` (m,) at which something ended; `ended[k]` the share that has by then ended so (kinds from 1), `still_open`
    the rest, `at_risk` how many were there: (m,)."""

    ages: Vector
    ended: dict[int, Vector]
    still_open: Vector
    at_risk: NDArray[np.int64]

    def chance(self, kind: int, age: ArrayLike, within: float | None = None) -> Vector:
        """P(ends so within so long | open at `age`) (n,), `within` None: ever, as far as was watched. nan where
        nobody was open so long."""
        at = np.asarray(age, float)
        until = np.full_like(at, np.inf) if within is None else at + within
        now, then = (self._at(self.ended[kind], each) for each in (at, until))
        left = _before(self.ages, self.still_open, at, 1.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(left > 1e-12, (then - now) / left, np.nan))

    def _at(self, values: Vector, age: Vector) -> Vector:
        return _before(self.ages, values, age, 0.0)


def _before(ages: Vector, values: Vector, at: Vector, first: float) -> Vector:
    """The value of a step function that was reached by `at`, `first` before the first step."""
    return np.concatenate([[first], values])[np.searchsorted(ages, at, side="right")]


def incidence(age: ArrayLike, ending: ArrayLike, entered: ArrayLike | None = None) -> Incidence:
    """Of deals (n,): age when they ended or were last looked at, how they ended (whole numbers, 0: open), and the age
    from which they were watched. An ending at an age counts before a look at the same one."""
    ages, kinds = np.asarray(age, float), np.asarray(ending, np.int64)
    start = np.zeros_like(ages) if entered is None else np.asarray(entered, float)
    if ages.shape != kinds.shape or ages.ndim != 1 or not np.all(np.isfinite(ages)):
        raise ValueError("A deal has one age and one ending.")
    if np.any(ages < 0) or np.any(start < 0) or np.any(start > ages) or np.any(kinds < 0):
        raise ValueError("Ages are not negative, and nobody is watched after the end.")
    times, which = np.unique(ages[kinds != OPEN], return_inverse=True)
    of_kind = kinds[kinds != OPEN]
    ordered, begun = np.sort(ages), np.sort(start)
    gone = np.searchsorted(ordered, times, side="left")
    at_risk = (
        np.where(
            times > 0,
            np.searchsorted(begun, times, side="left"),
            np.searchsorted(begun, times, side="right"),
        )
        - gone
    )
    counts = {
        int(k): np.bincount(which[of_kind == k], minlength=len(times)) for k in np.unique(of_kind)
    }
    hazard = {k: count / np.maximum(at_risk, 1) for k, count in counts.items()}
    any_kind = np.sum([*hazard.values(), np.zeros(len(times))], axis=0)
    still = np.cumprod(np.maximum(1 - any_kind, 0.0))
    before = np.concatenate([[1.0], still])[:-1]
    ended = {k: np.cumsum(before * each) for k, each in hazard.items()}
    return Incidence(times, ended, still, at_risk)


def interval(found: Incidence, kind: int, *, draws: int = 500, seed: int) -> tuple[Vector, Vector]:
    """95% of F_k at each age by drawing each age's endings anew (multinomial of those at risk; the same for the
    same seed): (m,), (m,)."""
    random = np.random.default_rng(seed)
    kinds = sorted(found.ended)
    before = np.concatenate([[1.0], found.still_open])[:-1]
    steps = {
        k: np.diff(np.concatenate([[0.0], found.ended[k]])) / np.maximum(before, 1e-300)
        for k in kinds
    }
    n = np.maximum(found.at_risk, 1)
    shares = np.stack([np.minimum(steps[k], 1) for k in kinds] + [np.zeros(len(n))], axis=1)
    shares[:, -1] = np.maximum(1 - shares[:, :-1].sum(axis=1), 0)
    shares /= shares.sum(axis=1, keepdims=True)
    drawn = random.multinomial(n, shares, size=(draws, len(n))) / n[:, None]
    still = np.cumprod(drawn[:, :, -1], axis=1)
    earlier = np.concatenate([np.ones((draws, 1)), still[:, :-1]], axis=1)
    curves = np.cumsum(earlier * drawn[:, :, kinds.index(kind)], axis=1)
    low, high = np.quantile(curves, [0.025, 0.975], axis=0)
    return np.asarray(low), np.asarray(high)

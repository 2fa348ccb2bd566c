"""A series ahead: the best of a few plain methods, chosen and judged on its own past, with conformal intervals.

naive   the last value
mean    the mean of the last eight
ses     simple exponential smoothing, the constant by least squares of one step (Brown 1959)
theta   half the linear trend above it (Assimakopoulos and Nikolopoulos 2000, IJF 16(4); as Hyndman and Billah 2003)

At each origin the method is taken that was nearest at the origins before, so that what is reported is what would have been
said. Intervals are the quantiles of those earlier errors at the same distance (split conformal, Vovk et al. 2005): they take
no distribution, and hold as long as the future errs as the past did.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guanxi_analytics.modelling.climbing import Vector
from guanxi_shared.intervals import Z

WINDOW: Final = 8
CONSTANTS: Final = np.linspace(0.05, 0.95, 19)
LEAST_HISTORY: Final = 26
WARM: Final = 10  # origins before the first that is judged
LEAST: Final = 52
LEVEL: Final = 0.8


def _level(y: Vector) -> tuple[float, float]:
    """The last level of the best simple smoothing, and its constant."""
    level = np.full(len(CONSTANTS), y[0])
    errors = np.zeros(len(CONSTANTS))
    for value in y[1:]:
        miss = value - level
        errors += miss**2
        level = level + CONSTANTS * miss
    best = int(np.argmin(errors))
    return float(level[best]), float(CONSTANTS[best])


def naive(y: Vector, horizon: int) -> Vector:
    return np.full(horizon, y[-1])


def mean(y: Vector, horizon: int) -> Vector:
    return np.full(horizon, y[-WINDOW:].mean())


def ses(y: Vector, horizon: int) -> Vector:
    return np.full(horizon, _level(y)[0])


def theta(y: Vector, horizon: int) -> Vector:
    n = len(y)
    level, constant = _level(y)
    slope = float(np.polyfit(np.arange(n), y, 1)[0]) / 2
    ahead = np.arange(horizon) + (1 - (1 - constant) ** n) / constant
    return np.asarray(level + slope * ahead)


METHODS: Final[Mapping[str, Callable[[Vector, int], Vector]]] = {
    "naive": naive, "mean": mean, "ses": ses, "theta": theta
}  # fmt: skip


@dataclass(frozen=True)
class Ahead:
    """`expected`, `low`, `high` (horizon,) by `method`. Of the judged origins: which (indexes into the series of their last
    known value), sums over the horizon expected, by the naive rule and come; mean absolute errors; how much lower the
    error is than the rule's (mean, low, high over origins); the share of values that lay within their interval."""

    method: str
    expected: Vector
    low: Vector
    high: Vector
    origins: NDArray[np.int64]
    sums: Vector
    error: float
    error_of_naive: float
    gain: tuple[float, float, float]
    covered: float


def ahead(series: ArrayLike, *, horizon: int) -> Ahead:
    """ValueError of a series too short, saying how much it takes. Nothing below 0 is expected."""
    y = np.asarray(series, float)
    if len(y) < LEAST + horizon:
        raise ValueError(f"It takes {LEAST + horizon} periods to look ahead; there are {len(y)}.")
    at = np.arange(LEAST_HISTORY, len(y) - horizon + 1)
    came = np.stack([y[n : n + horizon] for n in at])
    said = {
        name: np.maximum(np.stack([method(y[:n], horizon) for n in at]), 0.0)
        for name, method in METHODS.items()
    }
    misses = {name: np.abs(each - came) for name, each in said.items()}
    judged = np.arange(WARM + horizon, len(at))
    chosen = [_best(misses, int(n) - horizon) for n in judged]
    picked = np.stack([said[name][n] for name, n in zip(chosen, judged, strict=True)])
    half = np.stack(
        [_half(misses[name], int(n) - horizon) for name, n in zip(chosen, judged, strict=True)]
    )
    own, rule = np.abs(picked - came[judged]), misses["naive"][judged]
    best = _best(misses, len(at))
    now = np.maximum(METHODS[best](y, horizon), 0.0)
    width = _half(misses[best], len(at))
    return Ahead(
        best, now, np.maximum(now - width, 0.0), now + width, np.asarray(at[judged] - 1, np.int64),
        np.stack([picked.sum(axis=1), said["naive"][judged].sum(axis=1), came[judged].sum(axis=1)], axis=1),
        float(own.mean()), float(rule.mean()), _gain((rule - own).mean(axis=1), horizon), float((own <= half).mean()),
    )  # fmt: skip


def _best(misses: Mapping[str, Vector], known: int) -> str:
    """By the origins whose outcomes were known: the first `known`."""
    return min(misses, key=lambda name: float(misses[name][:known].mean()))


def _half(misses: Vector, known: int) -> Vector:
    """The interval's half width at each distance."""
    rank = min(ceil((known + 1) * LEVEL), known) - 1
    return np.asarray(np.sort(misses[:known], axis=0)[rank])


def _gain(differences: Vector, horizon: int) -> tuple[float, float, float]:
    """Looks that overlap err together: as many are counted as do not."""
    count = max(2, len(differences) / horizon)
    half = Z * float(differences.std(ddof=1)) / count**0.5
    found = float(differences.mean())
    return found, found - half, found + half

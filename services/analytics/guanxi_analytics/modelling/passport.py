"""A score's passport: what it was worth on the organisation's own past, against a named baseline, and a verdict.

use        better than the base rate and than the baseline, beyond chance
weak       better than the base rate, but not than the baseline: shown, not acted on
no_better  than the base rate: not used

Better beyond chance: the 95% interval of how much lower the Brier score is lies above 0. A gain below a hundredth of
the base rate's own score is none, however sure it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from guanxi_analytics.modelling.discrimination import (
    Bin,
    auc,
    brier,
    calibration_curve,
    calibration_error,
    checked,
    gain,
)

Verdict = Literal["use", "weak", "no_better"]
LEAST_SKILL: Final = 0.01
FEWEST: Final = 100
FEWEST_OF_EACH: Final = 20


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of probabilities that were said before their outcomes were known. `skill` is 1 - Brier / Brier of the base rate;
    gains are (mean, low, high)."""

    n: int
    base_rate: float
    brier: float
    brier_of_base_rate: float
    brier_of_baseline: float
    skill: float
    auc: float | None
    auc_of_baseline: float | None
    calibration_error: float
    calibration: Sequence[Bin]
    over_base_rate: tuple[float, float, float]
    over_baseline: tuple[float, float, float]
    verdict: Verdict
    sentence: str


def judged(
    p: ArrayLike, baseline: ArrayLike, y: ArrayLike, *, named: str, base_rate: ArrayLike | None = None,
    origin: ArrayLike | None = None,
) -> Judgement:  # fmt: skip
    """`base_rate` is the share that was known before (of each case, or one for all); without it that of the outcomes,
    which is harder to beat. `named` is the baseline in words. ValueError of too few cases, saying how many it takes."""
    predicted, outcomes = checked(p, y)
    refuse_too_few(outcomes)
    known = np.asarray(outcomes.mean() if base_rate is None else base_rate, float)
    known, other = (
        np.broadcast_to(e, outcomes.shape) for e in (known, np.asarray(baseline, float))
    )
    own, of_rate, of_other = (brier(each, outcomes) for each in (predicted, known, other))
    over_rate, over_other = (gain(predicted, e, outcomes, origin) for e in (known, other))
    skill = 1 - own / of_rate if of_rate > 0 else 0.0
    verdict = _verdict(skill, over_rate[1], over_other[1])
    return Judgement(
        len(outcomes), float(outcomes.mean()), own, of_rate, of_other, skill,
        auc(predicted, outcomes), auc(other, outcomes), calibration_error(predicted, outcomes),
        calibration_curve(predicted, outcomes), over_rate, over_other, verdict,
        _sentence(verdict, named, len(outcomes), (own, of_rate, of_other)),
    )  # fmt: skip


def refuse_too_few(outcomes: ArrayLike) -> None:
    """ValueError in words: a verdict on fewer would be chance."""
    y = np.asarray(outcomes, float)
    happened = int(y.sum())
    if len(y) < FEWEST or min(happened, len(y) - happened) < FEWEST_OF_EACH:
        raise ValueError(
            f"A verdict takes {FEWEST} past cases, {FEWEST_OF_EACH} of each outcome; there are "
            f"{happened} to which it happened and {len(y) - happened} to which it did not."
        )


def _verdict(skill: float, over_rate: float, over_baseline: float) -> Verdict:
    if over_rate <= 0 or skill < LEAST_SKILL:
        return "no_better"
    return "use" if over_baseline > 0 else "weak"


def _sentence(verdict: Verdict, named: str, n: int, scores: Sequence[float]) -> str:
    figures = f"Brier score {scores[0]:.4f} against {scores[1]:.4f} of the base rate and {scores[2]:.4f} of {named}"
    if verdict == "use":
        return f"Better than the base rate and than {named} on {n:,} past cases: {figures}."
    if verdict == "weak":
        return f"Better than the base rate, not than {named} on {n:,} past cases: {figures}. It is shown, and nothing is done by it."
    return f"No better than the base rate on {n:,} past cases: {figures}. It is not used."


def origins(
    first: int, last: int, *, horizon: int, most: int = 5, least_history: int | None = None
) -> list[int]:
    """Days to stand on and look ahead from: the newest one a horizon before the last day, then always a horizon
    earlier, so that no two look at the same days; oldest first. Each has as much history as it looks ahead
    (`least_history`, by default the horizon). Empty when there is no room for one."""
    if horizon < 1:
        raise ValueError("The horizon is at least a day.")
    earliest = first + (horizon if least_history is None else least_history)
    found = range(last - horizon, earliest - 1, -horizon)
    return list(found)[:most][::-1]


def coverage(low: ArrayLike, high: ArrayLike, actual: ArrayLike) -> float:
    """The share of what came that lay within its interval."""
    low, high, came = (np.asarray(each, float) for each in (low, high, actual))
    if not came.size:
        raise ValueError("Nothing has come yet.")
    return float(np.mean((low <= came) & (came <= high)))


def drift(before: ArrayLike, now: ArrayLike, *, bins: int = 10) -> float:
    """How far a score's distribution has moved: the population stability index Σ (q - p) ln(q/p) over the tenths
    of `before`, each share mixed with half a case. Below 0.1 little, above 0.25 much (Siddiqi 2006)."""
    old, new = np.asarray(before, float), np.asarray(now, float)
    if not old.size or not new.size:
        raise ValueError("There is nothing to compare.")
    edges = np.unique(np.quantile(old, np.linspace(0, 1, bins + 1)[1:-1]))
    shares = []
    for each in (old, new):
        counts = np.bincount(np.searchsorted(edges, each, side="right"), minlength=len(edges) + 1)
        shares.append((counts + 0.5) / (len(each) + 0.5 * len(counts)))
    p, q = shares
    return float(((q - p) * np.log(q / p)).sum())

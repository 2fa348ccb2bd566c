"""Figures of scores, from how often each was given. Pure; shares and scores with 95% intervals.

CSAT   share of 4 and 5                                    Wilson (1927)
NPS    promoters (9, 10) - detractors (0 to 6), of 100     adjusted Wald: three more answers, 3/4 of one each
       a promoter and a detractor (Rocks 2016, Am. Statistician 70(4)); its middle lies nearer to 0
CES    mean, 1 to 7                                        Student's t

A change is the difference of two periods; its interval takes the errors of both together (CSAT: Agresti and
Caffo 2000, one more success and failure each; means: Welch 1947). It is clear if its interval excludes 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import hypot, sqrt
from typing import Any, Final

from guanxi_shared.intervals import Z, mean_interval, t_quantile, wilson

Counts = Mapping[int, int]  # a score → how often
PROMOTERS, DETRACTORS, SATISFIED = 9, 6, 4
DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Error:
    """What a change is reckoned with: where the figure lies, its error, and the degrees of freedom."""

    centre: float
    error: float
    freedom: int | None = None


def share(count: int, n: int) -> dict[str, Any]:
    """A share with its interval; nothing of nothing."""
    if n == 0:
        return {"count": 0, "n": 0, "share": None, "low": None, "high": None}
    low, high = wilson(count, n)
    return {
        "count": count, "n": n, "share": _short(count / n), "low": _short(low), "high": _short(high),
    }  # fmt: skip


def csat(counts: Counts) -> dict[str, Any]:
    n, satisfied = _n(counts), _from(counts, SATISFIED)
    return {**_figure(n, 100 * satisfied / n if n else None, _times(wilson(satisfied, n), n)), "mean": mean_of(counts)}  # fmt: skip


def csat_error(counts: Counts) -> Error:
    n, satisfied = _n(counts) + 2, _from(counts, SATISFIED) + 1
    part = satisfied / n
    return Error(100 * part, 100 * sqrt(part * (1 - part) / n))


def nps(counts: Counts) -> dict[str, Any]:
    n, promoters = _n(counts), _from(counts, PROMOTERS)
    detractors = sum(count for score, count in counts.items() if score <= DETRACTORS)
    error = nps_error(counts)
    half = Z * error.error
    within = (max(-100.0, error.centre - half), min(100.0, error.centre + half)) if n else None
    value = 100 * (promoters - detractors) / n if n else None
    return {
        **_figure(n, value, within), "promoters": promoters, "detractors": detractors,
        "passives": n - promoters - detractors,
    }  # fmt: skip


def nps_error(counts: Counts) -> Error:
    n = _n(counts) + 3
    promoters = (_from(counts, PROMOTERS) + 0.75) / n
    detractors = (sum(c for score, c in counts.items() if score <= DETRACTORS) + 0.75) / n
    centre = promoters - detractors
    return Error(100 * centre, 100 * sqrt((promoters + detractors - centre**2) / n))


def ces(counts: Counts) -> dict[str, Any]:
    n, mean = _n(counts), mean_of(counts)
    return _figure(n, mean, None if mean is None else mean_interval(mean, deviation_of(counts), n))


def mean_error(counts: Counts) -> Error:
    n, mean = _n(counts), mean_of(counts)
    error = deviation_of(counts) / sqrt(n) if n > 1 else 0.0
    return Error(mean or 0.0, error, n - 1)


def mean_of(counts: Counts) -> float | None:
    n = _n(counts)
    return _short(sum(score * count for score, count in counts.items()) / n) if n else None


def deviation_of(counts: Counts) -> float:
    """The standard deviation of a sample (n - 1); 0 of fewer than two."""
    n = _n(counts)
    if n < 2:
        return 0.0
    mean = sum(score * count for score, count in counts.items()) / n
    return sqrt(sum(count * (score - mean) ** 2 for score, count in counts.items()) / (n - 1))


def change(before: Error, now: Error, *, is_enough: bool) -> dict[str, Any]:
    """From one period to the next."""
    difference, error = now.centre - before.centre, hypot(before.error, now.error)
    half = _quantile(before, now) * error
    is_clear = is_enough and not difference - half <= 0 <= difference + half
    return {
        "value": _short(difference), "low": _short(difference - half),
        "high": _short(difference + half), "is_clear": is_clear,
    }  # fmt: skip


def _quantile(before: Error, now: Error) -> float:
    """The normal point; for means that of t with Welch's degrees of freedom."""
    if before.freedom is None or now.freedom is None:
        return Z
    one, other = before.error**2, now.error**2
    if one + other == 0 or min(before.freedom, now.freedom) < 1:
        return Z
    freedom = (one + other) ** 2 / (one**2 / before.freedom + other**2 / now.freedom)
    return t_quantile(max(1, int(freedom)))


SCORES: Final[Mapping[str, tuple[Callable[[Counts], dict[str, Any]], Callable[[Counts], Error]]]] = {
    "csat": (csat, csat_error), "nps": (nps, nps_error), "ces": (ces, mean_error)
}  # fmt: skip


def rating(counts: Counts) -> dict[str, Any]:
    """Of a question of one's own: mean, interval and how often each was given."""
    return {**ces(counts), "counts": {str(score): counts[score] for score in sorted(counts)}}


def gap(pairs: Mapping[tuple[int | None, int | None], int]) -> dict[str, Any]:
    """Of an item: mean expectation and perception, and perception less expectation of those who gave both
    (Parasuraman, Zeithaml and Berry 1988), with the interval of paired differences."""
    expected, perceived, gaps = dict[int, int](), dict[int, int](), dict[int, int]()
    for (one, other), count in pairs.items():
        for counts, value in ((expected, one), (perceived, other)):
            if value is not None:
                counts[value] = counts.get(value, 0) + count
        if one is not None and other is not None:
            gaps[other - one] = gaps.get(other - one, 0) + count
    return {"expected": ces(expected), "perceived": ces(perceived), "gap": ces(gaps)}


def _figure(n: int, value: float | None, within: tuple[float, float] | None) -> dict[str, Any]:
    low, high = within or (None, None)
    return {
        "n": n, "value": _short(value), "low": _short(low), "high": _short(high),
    }  # fmt: skip


def _times(within: tuple[float, float], n: int) -> tuple[float, float] | None:
    return (100 * within[0], 100 * within[1]) if n else None


def _n(counts: Counts) -> int:
    return sum(counts.values())


def _from(counts: Counts, lowest: int) -> int:
    return sum(count for score, count in counts.items() if score >= lowest)


def _short(value: float | None) -> Any:
    return None if value is None else round(value, DIGITS)

"""Kano's categories of items, from how often each pair of answers was given. Pure.

category        of a pair by the evaluation table (Kano 1984; Berger et al. 1993, CQM Journal 2(4)): A attractive,
                O one-dimensional, M must-be, I indifferent, R reverse, Q questionable
of an item      the most frequent one; `mixed` when Fong's test does not tell the first two apart (Fong 1996, CQM
                Journal 5(3)): |a - b| < 1.65 √((a + b)(2n - a - b) / 2n)
better, worse   (A + O) / (A + O + M + I) and -(O + M) / (A + O + M + I), with Wilson intervals
strength        category: (a - b) / n; total: (A + O + M) / n (Lee and Newcomb 1997)
"""

from collections.abc import Mapping
from math import sqrt
from typing import Any, Final

from guanxi_shared.intervals import wilson

KANO: Final = ("like", "must_be", "neutral", "live_with", "dislike")
CATEGORIES: Final = "AOMIRQ"
# Rows: with it; columns: without it; both in the order of KANO.
TABLE: Final = ("QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ")
FONG: Final = 1.65


def category_of(functional: str, dysfunctional: str) -> str:
    return TABLE[KANO.index(functional)][KANO.index(dysfunctional)]


def counted(pairs: Mapping[tuple[str | None, str | None], int]) -> dict[str, int]:
    """How often each category; whoever answered only one of the two is not counted."""
    counts = dict.fromkeys(CATEGORIES, 0)
    for (functional, dysfunctional), count in pairs.items():
        if functional is not None and dysfunctional is not None:
            counts[category_of(functional, dysfunctional)] += count
    return counts


def item_of(counts: Mapping[str, int]) -> dict[str, Any]:
    n = sum(counts.values())
    order = sorted(CATEGORIES, key=lambda each: (-counts[each], CATEGORIES.index(each)))
    first, second = counts[order[0]], counts[order[1]]
    return {
        "n": n, "counts": dict(counts), "category": _category(order[0], first, second, n),
        "category_strength": _part(first - second, n),
        "total_strength": _part(counts["A"] + counts["O"] + counts["M"], n),
        "better": _coefficient(counts, "AO", sign=1), "worse": _coefficient(counts, "OM", sign=-1),
    }  # fmt: skip


def _category(name: str, first: int, second: int, n: int) -> str | None:
    if n == 0:
        return None
    least = FONG * sqrt((first + second) * (2 * n - first - second) / (2 * n))
    return name if first - second >= least and first > second else "mixed"


def _coefficient(counts: Mapping[str, int], names: str, *, sign: int) -> dict[str, Any]:
    n, count = sum(counts[name] for name in "AOMI"), sum(counts[name] for name in names)
    if n == 0:
        return {"n": 0, "value": None, "low": None, "high": None}
    low, high = sorted(sign * each for each in wilson(count, n))
    return {
        "n": n,
        "value": round(sign * count / n, 4),
        "low": round(low, 4),
        "high": round(high, 4),
    }


def _part(count: int, n: int) -> float | None:
    return round(count / n, 4) if n else None

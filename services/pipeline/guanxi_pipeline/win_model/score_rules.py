"""How good probabilities were: pure, from (probability, outcome) pairs; probabilities are shares, 0 to 1.

Brier score   mean of (p - y)²                      (Brier 1950); 0 is perfect, lower is better
log loss      mean of -ln(p if y else 1 - p)        p kept within 0.000001 of 0 and 1
AUC           the share of (won, lost) pairs in which the won one has the higher p, ties half
              (Mann and Whitney 1947)
interval      see guanxi_shared/intervals.py
"""

from collections.abc import Sequence
from itertools import groupby
from math import log
from typing import Any, Final

from guanxi_shared.intervals import wilson

EDGE: Final = 1e-6
MOST_BINS: Final = 10


def brier(p: Sequence[float], y: Sequence[bool]) -> float:
    return sum((each - won) ** 2 for each, won in zip(p, y, strict=True)) / len(y)


def log_loss(p: Sequence[float], y: Sequence[bool]) -> float:
    kept = [min(max(each, EDGE), 1 - EDGE) for each in p]
    return -sum(log(each if won else 1 - each) for each, won in zip(kept, y, strict=True)) / len(y)


def auc(p: Sequence[float], y: Sequence[bool]) -> float | None:
    """None when all had one outcome."""
    won = sum(y)
    lost = len(y) - won
    if not won or not lost:
        return None
    pairs, below = 0.0, 0
    for _, tied in groupby(sorted(zip(p, y, strict=True)), key=lambda pair: pair[0]):
        outcomes = [outcome for _, outcome in tied]
        wins = sum(outcomes)
        pairs += wins * (below + (len(outcomes) - wins) / 2)
        below += len(outcomes) - wins
    return pairs / (won * lost)


def scores(p: Sequence[float], y: Sequence[bool]) -> dict[str, float | None]:
    found = auc(p, y)
    return {
        "brier": round(brier(p, y), 6),
        "log_loss": round(log_loss(p, y), 6),
        "auc": None if found is None else round(found, 4),
    }


def calibration_table(
    p: Sequence[float], y: Sequence[bool], *, bins: int = MOST_BINS
) -> list[dict[str, Any]]:
    """Up to `bins` rows of about equal size in the order of the prediction, equal predictions together:
    n, won, and in percent the mean prediction, the share won and its interval."""
    pairs = sorted(zip(p, y, strict=True))
    size = max(1, -(-len(pairs) // bins))
    rows: list[list[tuple[float, bool]]] = []
    for _, tied in groupby(pairs, key=lambda pair: pair[0]):
        if not rows or len(rows[-1]) >= size:
            rows.append([])
        rows[-1] += tied
    return [_row(row) for row in rows]


def _row(pairs: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    n, won = len(pairs), sum(outcome for _, outcome in pairs)
    low, high = wilson(won, n)
    return {
        "n": n, "won": won, "predicted": percent(sum(each for each, _ in pairs) / n),
        "observed": percent(won / n), "low": percent(low), "high": percent(high),
    }  # fmt: skip


def percent(share: float) -> float:
    return round(100 * share, 2)

"""Rolling-origin back-tests: what the model would have said at moments of the past, beside a naive rule and beside
what came. Pure."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from guanxi_analytics.fitting.watching import Numbers, PurchaseDays, Watched
from guanxi_analytics.modelling import beta_geometric, beta_geometric_ahead
from guanxi_analytics.modelling.discrimination import auc
from guanxi_analytics.modelling.histories import histories

WEEK: Final = 7
LEAST_WEEKS: Final = 26  # watched in all
LEAST_CUSTOMERS: Final = 100
LEAST_AGAIN: Final = 50
SHORTEST: Final = 4  # weeks of a horizon
LONGEST: Final = 26
WARM_UP: Final = 13  # weeks before the first origin
ORIGINS: Final = 3
GROUPS: Final = 7
BETTER: Final = 0.98  # of the rule's error: within that, nobody could tell


@dataclass(frozen=True)
class Trial:
    """One origin: purchases in the horizon, of each customer known then (n,)."""

    origin: int
    actual: Numbers
    predicted: Any
    ruled: Any
    repeats: Numbers
    recency: Numbers


def refusal(watched: Watched, weeks: float) -> str | None:
    """Why nothing is fitted, or None."""
    again = int(np.count_nonzero(watched.x))
    if len(watched.x) < LEAST_CUSTOMERS:
        return f"It takes {LEAST_CUSTOMERS} customers to learn how customers buy; there are {len(watched.x)}."
    if again < LEAST_AGAIN:
        return f"It takes {LEAST_AGAIN} customers who bought again; there are {again}."
    if weeks < LEAST_WEEKS:
        return f"It takes {LEAST_WEEKS} weeks of purchases to be tested against; there are {weeks:.0f}."
    return None


def origins(first: int, until: int) -> tuple[list[int], int]:
    """Days to look ahead from, the last one first, and the horizon in weeks: a third of what was watched."""
    weeks = (until - first) // WEEK
    horizon = int(min(LONGEST, max(SHORTEST, weeks // 3)))
    step = max(1, horizon // 2) * WEEK
    found = [until - horizon * WEEK - step * n for n in range(ORIGINS)]
    return [day for day in found if day - first >= WARM_UP * WEEK], horizon


def trial(days: PurchaseDays, origin: int, horizon: int) -> Trial | None:
    """None where too few had bought by then, or the fit did not settle. The rule is each customer's own rate:
    repeats so far over the time since the first purchase, times the horizon."""
    known = days.watched(origin)
    if len(known.x) < LEAST_CUSTOMERS or np.count_nonzero(known.x) < LEAST_AGAIN:
        return None
    fit = beta_geometric.fit(histories(known.x, known.last, known.age, unit=WEEK))
    if not fit.is_settled:
        return None
    ages = known.age / WEEK
    predicted = beta_geometric_ahead.expected_after(
        fit.parameters, known.x, known.last / WEEK, ages, horizon
    )
    ruled = np.divide(known.x * horizon, ages, out=np.zeros(len(ages)), where=ages > 0)
    actual = days.bought_between(known.customer, origin, origin + horizon * WEEK)
    return Trial(origin, actual, predicted, ruled, known.x, known.last - known.age)


def scored(one: Trial) -> dict[str, float | int | None]:
    """Totals, mean absolute errors, and how well each orders who comes again: area under the curve, of the model's
    expectation and of mere recency."""
    actual = one.actual
    return {
        "customers": len(actual), "actual": int(actual.sum()),
        "predicted": round(float(one.predicted.sum()), 2), "rule": round(float(one.ruled.sum()), 2),
        "error": round(float(np.abs(one.predicted - actual).mean()), 5),
        "rule_error": round(float(np.abs(one.ruled - actual).mean()), 5),
        "auc": _auc(one.predicted, actual > 0), "recency_auc": _auc(one.recency, actual > 0),
    }  # fmt: skip


def _auc(score: Any, came: Any) -> float | None:
    found = auc(score, came)
    return None if found is None else round(found, 4)


def calibration(one: Trial) -> list[dict[str, Any]]:
    """By repeats so far, 0 to 7 and more: what was expected on average, and what came."""
    found = []
    groups = np.minimum(one.repeats, GROUPS)
    for group in range(GROUPS + 1):
        own = groups == group
        if not own.any():
            continue
        found.append(
            {
                "repeats": f"{group}+" if group == GROUPS else str(group), "customers": int(own.sum()),
                "predicted": round(float(one.predicted[own].mean()), 4),
                "actual": round(float(one.actual[own].mean()), 4),
            }
        )  # fmt: skip
    return found


def verdict(trials: list[dict[str, Any]]) -> tuple[str, str]:
    """`use`: nearer than the rule for single customers and in the sum, over all origins; `weak`: in one of both;
    `no_better`: in neither."""
    if not trials:
        return "no_better", "No past moment could be tested: the model is not used."
    error, rule = (sum(t[name] for t in trials) / len(trials) for name in ("error", "rule_error"))
    off, rule_off = (
        sum(_off(t, name) for t in trials) / len(trials) for name in ("predicted", "rule")
    )
    is_nearer, is_nearer_in_sum = error < rule * BETTER, off < rule_off
    told = (
        f"Over {len(trials)} past moments the expected purchases of a customer were {error:.2f} off on average, by the"
        f" customer's own rate {rule:.2f}; the sum of all was {off:.0%} off, by the rule {rule_off:.0%}."
    )
    ranked = [t for t in trials if t["auc"] is not None and t["recency_auc"] is not None]
    if ranked and sum(t["auc"] for t in ranked) <= sum(t["recency_auc"] for t in ranked):
        told += " Who comes again is told as well by who came last: use it for totals and money, not for ranking."
    if is_nearer and is_nearer_in_sum:
        return "use", told
    if is_nearer or is_nearer_in_sum:
        return "weak", told
    return "no_better", f"{told} It is not used."


def _off(one: dict[str, Any], name: str) -> float:
    off = abs(one[name] - one["actual"]) / max(one["actual"], 1)
    return float(off)

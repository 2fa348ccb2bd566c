"""Customers and revenue of the weeks ahead, each series judged on its own past. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from guanxi_analytics.modelling.forecasting import LEVEL, Ahead, ahead

WEEKS: Final = 4
WEEK: Final = timedelta(days=7)
Learnt = dict[str, Any]


def series_of(rows: Sequence[tuple[int, float]], first: int, last: int) -> list[float]:
    """By week (the ordinals of their Mondays), whole weeks alone; nothing is 0."""
    known = dict(rows)
    return [known.get(week, 0.0) for week in range(first, last + 1, 7)]


def learn_customers(rows: Sequence[tuple[int, float]], first: int, last: int) -> Learnt:
    return _learn(series_of(rows, first, last), last, "customers a week")


def learn_revenue(
    rows: Mapping[str, Sequence[tuple[int, float]]], own: str | None, first: int, last: int
) -> Learnt:
    """Each currency by itself. The verdict is that of the organisation's own, else of the one with the most weeks."""
    found = {
        currency: _learn(series_of(each, first, last), last, f"{currency} a week")
        for currency, each in rows.items()
    }
    if not found:
        return {"verdict": "refused", "sentence": "Nothing was sold yet.", "n": 0, "found": {}}
    main = own if own in found else max(found, key=lambda each: len(rows[each]))
    told = {
        currency: each["found"] | {name: each[name] for name in ("verdict", "sentence")}
        for currency, each in found.items()
    }
    return found[main] | {"found": {"currencies": told}}


def _learn(series: Sequence[float], last: int, what: str) -> Learnt:
    try:
        found = ahead(series, horizon=WEEKS)
    except ValueError as error:
        return {"verdict": "refused", "sentence": str(error), "n": len(series), "found": {}}
    verdict = _verdict(found)
    return {
        "verdict": verdict, "sentence": _sentence(found, verdict, what), "n": len(series),
        "found": _described(found, last, is_used=verdict != "no_better"),
    }  # fmt: skip


def _verdict(found: Ahead) -> str:
    if found.gain[0] <= 0:
        return "no_better"
    return "use" if found.gain[1] > 0 else "weak"


def _sentence(found: Ahead, verdict: str, what: str) -> str:
    told = (
        f"At {len(found.origins)} past weeks the {WEEKS} ahead were {found.error:,.1f} {what} off on average, by the last"
        f" week's value {found.error_of_naive:,.1f}; {found.covered:.0%} lay within their {LEVEL:.0%} intervals."
    )
    return f"{told} It is not used." if verdict == "no_better" else told


def _described(found: Ahead, last: int, *, is_used: bool) -> dict[str, Any]:
    """`ahead` is empty of a model that is not used."""
    monday = date.fromordinal(last)
    weeks = zip(found.expected, found.low, found.high, strict=True) if is_used else ()
    return {
        "method": found.method, "horizon_weeks": WEEKS, "level": LEVEL, "covered": round(found.covered, 4),
        "error": round(found.error, 4), "error_of_naive": round(found.error_of_naive, 4),
        "gain": [round(each, 4) for each in found.gain],
        "ahead": [
            {
                "week": str(monday + WEEK * n), "expected": round(float(e), 2), "low": round(float(low), 2),
                "high": round(float(high), 2),
            }
            for n, (e, low, high) in enumerate(weeks, 1)
        ],
        "past": [
            {
                "week": str(monday - WEEK * (found_at(found, n))), "expected": round(float(own), 2),
                "naive": round(float(rule), 2), "came": round(float(came), 2),
            }
            for n, (own, rule, came) in enumerate(found.sums)
        ],
    }  # fmt: skip


def found_at(found: Ahead, n: int) -> int:
    """How many weeks before the last one the n-th judged origin stood."""
    return int(found.origins[-1] - found.origins[n]) + WEEKS

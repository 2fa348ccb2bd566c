"""Why a customer is thought to come again, and what would change that. Pure.

By BG/NBD the odds that a customer with x repeats, the last after t and watched for T, is alive are (Fader, Hardie and Lee
2005)

    odds = (b + x - 1) / a · ((α + t) / (α + T))^(r + x)

so that their logarithm is the sum of two parts: what the purchases so far speak for, and what the silence since
speaks against. Times in weeks, as fitted. Without a repeat the model counts nobody as lost.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from math import ceil, exp, log, log1p
from typing import Any

WEEK = 7
WARNED = 0.5  # P(alive) below which somebody is rather gone than not
LOST = 0.1  # and below which they are counted as lost
Parameters = Mapping[str, float]


def alive(p: Parameters, x: int, last: float, age: float) -> float:
    """P(alive); `last` and `age` in weeks."""
    if x == 0:
        return 1.0
    total = sum(parts(p, x, last, age).values())
    return 1 / (1 + exp(-total)) if total > -700 else 0.0


def parts(p: Parameters, x: int, last: float, age: float) -> dict[str, float]:
    """The two additive contributions to the log-odds of x > 0 repeats."""
    gap = log1p((age - last) / (p["alpha"] + last))
    return {"purchases": log((p["b"] + x - 1) / p["a"]), "silence": -(p["r"] + x) * gap}


def lost_on(p: Parameters, x: int, first_on: date, last_on: date) -> date | None:
    """The first day on which a customer who buys nothing more is counted as lost."""
    return falls_on(p, x, first_on, last_on, LOST)


def falls_on(p: Parameters, x: int, first_on: date, last_on: date, chance: float) -> date | None:
    """The first day on which P(alive) of a customer who buys nothing more is no longer above `chance`; None of who bought on
    one day, and of whom it would take more than a hundred years."""
    if x == 0:
        return None
    last = (last_on - first_on).days / WEEK
    odds = log((p["b"] + x - 1) / p["a"]) - log(chance / (1 - chance))
    grown = odds / (p["r"] + x)
    days = ((p["alpha"] + last) * exp(min(grown, 50.0)) - p["alpha"]) * WEEK
    return first_on + timedelta(days=max(0, ceil(days))) if days < 36_525 else None


def reasons(p: Parameters, x: int, first_on: date, last_on: date, until: date) -> dict[str, Any]:
    """The naive rule beside the model: the silence as a multiple of the own usual interval."""
    age, last = ((day - first_on).days / WEEK for day in (until, last_on))
    silent = (until - last_on).days
    usual = (last_on - first_on).days / x if x else None
    # Somebody who bought today: one more repeat, just now. None for who bought today already.
    again = alive(p, x + 1, age, age) if silent > 0 else None
    return {
        "silent_days": silent, "usual_interval_days": None if usual is None else round(usual, 1),
        "silent_intervals": None if not usual else round(silent / usual, 2),
        "contributions": None if x == 0 else {n: round(v, 4) for n, v in parts(p, x, last, age).items()},
        "if_bought_today": None if again is None else round(again, 4),
        "sentence": _sentence(x, silent, usual),
    }  # fmt: skip


def _sentence(x: int, silent: int, usual: float | None) -> str:
    if usual is None:
        return f"Bought on one day, {silent} days ago. The model counts nobody as lost before the second purchase."
    often = f"Bought again on {x} {'day' if x == 1 else 'days'}, every {usual:.0f} days on average"
    times = silent / usual if usual else 0.0
    return f"{often}; silent for {silent} days, {times:.1f} times that."

"""What the model of purchases would have said at moments of the past, beside what came: its passport's figures. Pure."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from guanxi_analytics.customers.outlook_rules import LOST, WARNED
from guanxi_analytics.modelling import beta_geometric
from guanxi_analytics.modelling.buying_back_test import Look, covered, judgement, look_ahead
from guanxi_analytics.modelling.passport import Judgement, origins
from guanxi_analytics.modelling.purchase_days import PurchaseDays
from guanxi_analytics.modelling.silence import silence

WEEK: Final = 7
SHORTEST: Final = 4  # weeks of a horizon
LONGEST: Final = 26
PARTS: Final = 5
SEED: Final = 20_261
SHARES: Final = (0.8, 0.95)
DIGITS: Final = 5
MOST_CALLED: Final = 1_000


def proved(days: PurchaseDays, until: int) -> tuple[dict[str, Any], str, str]:
    """Figures as they are kept, verdict and sentence. The horizon is a fifth of what was watched, of four weeks to half a
    year; no two origins look at the same days."""
    first = int(days.day.min())
    weeks = min(LONGEST, max(SHORTEST, (until - first) // (PARTS * WEEK)))
    horizon = weeks * WEEK
    looks = look_ahead(days, origins(first, until, horizon=horizon), horizon=horizon)
    found: dict[str, Any] = {
        "horizon_weeks": weeks, "backtest": [_moment(look) for look in looks], "judgement": None, "calibration": [],
        "coverage": [], "warnings": [_warned(look) for look in looks],
    }  # fmt: skip
    if not looks:
        return found, "refused", "At no past moment enough had been bought to look ahead from."
    try:
        judged = judgement(looks)
    except ValueError as error:
        return found, "refused", str(error)
    found["judgement"], found["calibration"] = described(judged)
    found["coverage"] = [
        {"share": e, "covered": round(covered(looks[-1], horizon=horizon, share=e, seed=SEED), 4)}
        for e in SHARES
    ]
    return found, judged.verdict, f"{judged.sentence} {_of_sums(looks)}"


def described(judged: Judgement) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Apart: the calibration curve."""
    told = _short(asdict(judged))
    calibration: list[dict[str, Any]] = told.pop("calibration")
    return {
        name: each for name, each in told.items() if name not in ("verdict", "sentence")
    }, calibration


def _moment(look: Look) -> dict[str, Any]:
    told = {
        "origin": look.origin, "customers": len(look.came), "came": int(look.came.sum()),
        "came_again": int(np.count_nonzero(look.came)), "expected": float(look.expected.sum()),
        "expected_again": float(look.chance.sum()), "at_own_rate": float(look.at_own_rate.sum()),
        "error_of_sum": look.error_of_sum, "error_of_sum_at_own_rate": look.error_of_sum_at_own_rate,
    }  # fmt: skip
    return {name: _short(value) for name, value in told.items()}


def _warned(look: Look) -> dict[str, Any]:
    """Who would have been called first, of those who had come back and were not counted as lost: by P(alive), the least
    first, and by silence. A 1 for each who bought nothing within the horizon."""
    known, p = look.known, look.fit.parameters
    alive = beta_geometric.alive(p, known.x, known.last, known.age)
    asked = (known.x > 0) & (alive >= LOST)
    gone = (look.came == 0)[asked]
    quiet = silence(known.x[asked], known.last[asked], known.age[asked])
    orders = {"model": alive[asked], "rule": -quiet}
    told = {
        name: "".join("01"[int(gone[n])] for n in np.argsort(by, kind="stable")[:MOST_CALLED])
        for name, by in orders.items()
    }
    warned = alive[asked] < WARNED
    return {
        "origin": look.origin, "customers": int(asked.sum()), "gone": int(gone.sum()), **told,
        "warned": int(warned.sum()), "warned_gone": int((warned & gone).sum()),
    }  # fmt: skip


def _of_sums(looks: Sequence[Look]) -> str:
    own = float(np.mean([abs(look.error_of_sum) for look in looks]))
    rate = float(np.mean([abs(look.error_of_sum_at_own_rate) for look in looks]))
    return (
        f"Sums of purchases were {own:.0%} off on average, at each customer's own rate {rate:.0%}."
    )


def _short(value: Any) -> Any:
    """Rounded, whatever it is made of."""
    if isinstance(value, dict):
        return {name: _short(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_short(each) for each in value]
    return round(value, DIGITS) if isinstance(value, float) else value

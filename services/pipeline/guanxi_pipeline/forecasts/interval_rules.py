"""An interval for a forecast out of the team's own past error, and how far off it was. Pure.

For each finished period of the kind, the forecast on the day when the same share of it had begun, and what
was won in the end:

    ratio    = actual / forecast
    interval = present forecast x quantiles of the ratios at (1 - c) / 2 and (1 + c) / 2, c the coverage

The quantile of a share s stands at place s x (n + 1) among the n ratios in their order, between two of
them by linear interpolation (Hyndman and Fan 1996, type 6): a new ratio that is exchangeable with them
lies in the interval with probability c. That takes n >= (1 + c) / (1 - c), 9 for 80 percent; where fewer
are known, or fewer than MINIMUM, the interval is refused.

    WAPE = sum |forecast - actual| / sum actual       bias = sum (forecast - actual) / sum actual
    MAPE = mean |forecast - actual| / actual, over periods with something won
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from guanxi_pipeline.forecasts.period_rules import Period
from guanxi_pipeline.sum_rules import four_digits, money

MINIMUM = 4
MOST = 12
METHOD = (
    "Quantiles of actual / forecast at the same point of finished periods, times the present forecast "
    "(closed + weighted). The quantile of a share s stands at place s x (n + 1) of the n ratios in their order."
)


@dataclass(frozen=True, slots=True)
class Past:
    """One finished period, both amounts in the answer's currency; `day` is that of the forecast."""

    period: Period
    day: Any
    forecast: Decimal
    actual: Decimal

    @property
    def ratio(self) -> Decimal | None:
        return self.actual / self.forecast if self.forecast > 0 else None

    @property
    def error(self) -> Decimal:
        return self.forecast - self.actual


def quantile(values: Sequence[Decimal], share: Decimal) -> Decimal:
    """`share` from 0 to 1; the values need no order. Never outside of them."""
    ordered = sorted(values)
    last = len(ordered) - 1
    at = min(max(share * (len(ordered) + 1) - 1, Decimal(0)), Decimal(last))
    below = int(at)
    above = min(below + 1, last)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)


def most_coverage(n: int) -> int:
    """What n past ratios can promise at most, in whole percent."""
    return 0 if n < MINIMUM else 100 * (n - 1) // (n + 1)


def needed(coverage: Decimal) -> int:
    """How many ratios a coverage takes: the smallest n with (n - 1) / (n + 1) >= c, and MINIMUM at least."""
    exact = (1 + coverage) / (1 - coverage)
    return max(MINIMUM, int(exact) + (exact != int(exact)))


def interval(
    present: Decimal, past: Sequence[Past], *, coverage: int, currency: str, kind: str
) -> dict[str, Any]:
    """`interval` and why there is none (`interval_refused`); coverage in percent."""
    ratios = [each.ratio for each in past if each.ratio is not None]
    if refused := _refused(ratios, coverage, kind):
        return {"interval": None, "interval_refused": refused}
    share = Decimal(coverage) / 100
    low, high = (quantile(ratios, (1 + sign * share) / 2) for sign in (-1, 1))
    found = {
        "coverage": coverage, "low": money(present * low, currency),
        "middle": money(present * quantile(ratios, Decimal("0.5")), currency),
        "high": money(present * high, currency), "n": len(ratios), "method": METHOD,
        "past": [shown(each, currency) for each in past],
    }  # fmt: skip
    return {"interval": found, "interval_refused": None}


def _refused(ratios: Sequence[Decimal], coverage: int, kind: str) -> str | None:
    wanted = needed(Decimal(coverage) / 100)
    if len(ratios) < wanted:
        return (
            f"{coverage} percent take {wanted} finished {kind}s of which the forecast at this point was kept; "
            f"there {'is' if len(ratios) == 1 else 'are'} {len(ratios)}"
            + (
                f", enough for coverage={most_coverage(len(ratios))}."
                if most_coverage(len(ratios))
                else "."
            )
        )
    return None


def shown(past: Past, currency: str) -> dict[str, Any]:
    ratio = past.ratio
    return {
        "period": past.period.name, "forecast_on": past.day,
        "forecast": money(past.forecast, currency), "actual": money(past.actual, currency),
        "error": money(past.error, currency),
        "ratio": None if ratio is None else four_digits(ratio),
    }  # fmt: skip


def accuracy(past: Sequence[Past]) -> dict[str, Any]:
    """Ratios with four digits; None where nothing was won to measure by. Bias above 0: too hopeful."""
    won = sum((each.actual for each in past), Decimal(0))
    off = sum((abs(each.error) for each in past), Decimal(0))
    too_much = sum((each.error for each in past), Decimal(0))
    relative = [abs(each.error) / each.actual for each in past if each.actual > 0]
    return {
        "n": len(past),
        "wape": four_digits(off / won) if won > 0 else None,
        "bias": four_digits(too_much / won) if won > 0 else None,
        "mape": four_digits(sum(relative, Decimal(0)) / len(relative)) if relative else None,
        "mape_n": len(relative),
    }

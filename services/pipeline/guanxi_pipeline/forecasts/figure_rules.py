"""The figures of a forecast, made of sums per group, currency and category. Pure.

    expected   = closed + weighted
    weighted   = sum of amount x probability of the open deals
    attainment = closed / quota
    pace       = closed / (quota x elapsed days / days of the period)
    gap        = quota - closed

What compares sums with each other is in one currency, the answer's, and null where a rate is missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from guanxi_pipeline.forecasts.period_rules import Period
from guanxi_pipeline.rates.rules import Rates, converted_or_why_not
from guanxi_pipeline.sum_rules import four_digits, money, rounded

OPEN = ("commit", "best_case", "pipeline")
CATEGORIES = ("closed", *OPEN)
Sums = dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Against:
    """What a group is held against: its quota per currency (None without one) and the day."""

    quota: Sums | None
    period: Period
    rates: Rates
    day: Any


def figures(rows: Sequence[Mapping[str, Any]], against: Against, *, counted: str) -> dict[str, Any]:
    """All figures of the rows; `counted` is the column that counts each deal once among them."""
    shown: dict[str, Any] = {
        category: _category([r for r in rows if r["category"] == category], against.rates, counted)
        for category in CATEGORIES
    }
    expected = summed(rows, closed="amount", still_open="weighted")
    weighted = summed([r for r in rows if r["category"] != "closed"], still_open="weighted")
    return {
        **shown,
        "weighted": sums_shown(weighted, against.rates),
        "expected": sums_shown(expected, against.rates),
        "without_amount": sum(row["bare"] for row in rows),
        **_against(summed(rows, closed="amount"), against),
    }


def _category(rows: Sequence[Mapping[str, Any]], rates: Rates, counted: str) -> dict[str, Any]:
    return {
        "count": sum(row[counted] for row in rows),
        **sums_shown(summed(rows, closed="amount", still_open="amount"), rates),
    }


def summed(
    rows: Iterable[Mapping[str, Any]], *, closed: str | None = None, still_open: str | None = None
) -> Sums:
    """Per currency, each rounded once; which column counts of won deals and which of open ones."""
    total: Sums = {}
    for row in rows:
        column = closed if row["category"] == "closed" else still_open
        if column is not None and row["currency"] is not None and row[column] is not None:
            total[row["currency"]] = total.get(row["currency"], Decimal(0)) + row[column]
    return {currency: rounded(amount, currency) for currency, amount in sorted(total.items())}


def sums_shown(sums: Mapping[str, Decimal], rates: Rates) -> dict[str, Any]:
    pairs = [(amount, currency) for currency, amount in sorted(sums.items())]
    return {
        "sums": [money(amount, currency) for amount, currency in pairs],
        "converted": converted_or_why_not(pairs, rates)[0],
    }


def in_one(sums: Mapping[str, Decimal] | None, rates: Rates) -> Decimal | None:
    """The sums as one amount of the answer's currency; None where a rate is missing, or the sums."""
    return None if sums is None or rates.missing(sums) else one_amount(sums, rates)


def one_amount(sums: Mapping[str, Decimal], rates: Rates) -> Decimal:
    """RateMissing names what cannot be converted."""
    return sum((rates.convert(amount, currency) for currency, amount in sums.items()), Decimal(0))


def _against(closed: Sums, against: Against) -> dict[str, Any]:
    rates, period = against.rates, against.period
    won, quota = in_one(closed, rates), in_one(against.quota, rates)
    is_known = won is not None and quota is not None
    return {
        "quota": None if against.quota is None else sums_shown(against.quota, rates),
        "attainment": ratio(won, quota),
        "pace": pace(won, quota, period.elapsed_days(against.day), period.days),
        "gap": money(quota - won, rates.target) if is_known and quota and won is not None else None,
    }


def ratio(part: Decimal | None, whole: Decimal | None) -> float | None:
    """Four digits behind the point; None without a whole."""
    return None if part is None or not whole else four_digits(part / whole)


def pace(won: Decimal | None, quota: Decimal | None, begun: int, days: int) -> float | None:
    """1 is just on the way to the quota if every calendar day weighs the same; None before the first."""
    if won is None or not quota or begun == 0:
        return None
    return four_digits(won * days / (quota * begun))

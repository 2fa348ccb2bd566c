"""Purchases over time: whole periods without holes, each beside the one before and the same of last year.
Pure.

A period that nothing was bought in is shown as zero. There is nothing to compare with before the first
purchase of all; a percentage has none of zero or less:

    change = this - that        percent = 100 x (this - that) / that, to two digits
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from guanxi_pipeline.orders.line_rules import money
from guanxi_pipeline.rates.rules import Rates
from guanxi_pipeline.sum_rules import WIDE
from guanxi_shared.errors import Invalid

MONTHS = {"month": 1, "quarter": 3, "year": 12}
PERIODS = ("day", *MONTHS)
MOST_PERIODS = 2_000
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was bought; what came back counts against it. `cost` is that of `costed`, the part of the
    amount whose cost is known; `is_costed` says that it is all of it."""

    quantity: Decimal = ZERO
    orders: int = 0
    amount: Decimal = ZERO
    cost: Decimal = ZERO
    costed: Decimal = ZERO
    is_costed: bool = True

    def plus(self, other: "Figures") -> "Figures":
        return Figures(
            self.quantity + other.quantity, self.orders + other.orders, self.amount + other.amount,
            self.cost + other.cost, self.costed + other.costed, self.is_costed and other.is_costed,
        )  # fmt: skip

    def converted(self, currency: str, rates: Rates) -> "Figures":
        """Each amount converted once, at the rates of the period's day."""
        amount, cost, costed = (
            rates.convert(value, currency) for value in (self.amount, self.cost, self.costed)
        )
        return replace(self, amount=amount, cost=cost, costed=costed)

    def shown(self, currency: str) -> dict[str, Any]:
        margin = money(self.amount - self.cost, currency) if self.is_costed else None
        return {
            "currency": currency, "quantity": float(self.quantity), "orders": self.orders,
            "amount": money(self.amount, currency), "cost": money(self.cost, currency),
            "costed": money(self.costed, currency), "margin": margin,
        }  # fmt: skip


NONE = Figures()
Series = Mapping[tuple[date, str], Figures]


def start_of(day: date, by: str) -> date:
    """The first day of the period that a day lies in."""
    if by == "day":
        return day
    months = MONTHS[by]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def step(start: date, by: str, count: int = 1) -> date:
    """The beginning of the period that many later, or earlier."""
    if by == "day":
        return start + timedelta(days=count)
    index = start.year * 12 + start.month - 1 + count * MONTHS[by]
    return date(index // 12, index % 12 + 1, 1)


def end_of(start: date, by: str) -> date:
    return step(start, by) - timedelta(days=1)


def year_before(start: date, by: str) -> date | None:
    """The same period of last year; None for the 29th of February."""
    try:
        return start.replace(year=start.year - 1)
    except ValueError:
        return None


def label_of(start: date, by: str) -> str:
    """2026-11-02, 2026-11, 2026-Q4 or 2026."""
    if by == "quarter":
        return f"{start.year}-Q{(start.month + 2) // 3}"
    return start.isoformat()[: {"day": 10, "month": 7, "year": 4}[by]]


def periods_between(first: date, last: date, by: str) -> list[date]:
    """The beginnings of all periods from the one of `first` to the one of `last`."""
    found, start = [], start_of(first, by)
    while start <= last:
        found.append(start)
        if len(found) > MOST_PERIODS:
            raise Invalid(
                f"That is more than {MOST_PERIODS} periods.",
                errors={"from": "Send a later from, an earlier to, or longer periods."},
            )
        start = step(start, by)
    return found


def rate_day(start: date, by: str, today: date) -> date:
    """The day whose rates a period is converted at: its last one, or today while it runs."""
    return max(start, min(end_of(start, by), today))


def in_one_currency(
    series: Series, target: str, rates: Mapping[date, Rates], by: str, today: date
) -> dict[tuple[date, str], Figures]:
    """The sums of a period's currencies, each converted at the rates of its day; RateMissing names what
    lacks one."""
    found: dict[tuple[date, str], Figures] = {}
    for (start, currency), figures in series.items():
        own = figures.converted(currency, rates[rate_day(start, by, today)])
        found[start, target] = found.get((start, target), NONE).plus(own)
    return found


def change_between(this: Figures, that: Figures, currency: str) -> dict[str, Any]:
    return {
        "amount": money(this.amount - that.amount, currency),
        "amount_percent": percent(this.amount, that.amount),
        "quantity": float(this.quantity - that.quantity),
        "quantity_percent": percent(this.quantity, that.quantity),
    }


def percent(this: Decimal, that: Decimal) -> float | None:
    if that <= 0:
        return None
    found = 100 * (this - that) / that
    return float(found.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP, context=WIDE))


def rows_of(
    series: Series, currency: str, periods: Iterable[date], *, by: str, today: date, first: date
) -> list[dict[str, Any]]:
    """A row for each period of one currency; `first` begins the first period of all with a purchase."""

    def compared(this: Figures, start: date | None) -> dict[str, Any] | None:
        if start is None or start < first:
            return None
        return change_between(this, series.get((start, currency), NONE), currency)

    rows = []
    for start in periods:
        own = series.get((start, currency), NONE)
        rows.append(
            {
                "period": label_of(start, by), "starts_on": start, "ends_on": end_of(start, by),
                "is_complete": end_of(start, by) < today, **own.shown(currency),
                "change": compared(own, step(start, by, -1)),
                "change_on_year": compared(own, year_before(start, by)),
            }
        )  # fmt: skip
    return rows


def totals_of(
    series: Series, periods: Iterable[date], currencies: Iterable[str]
) -> list[dict[str, Any]]:
    """The sum over the periods, a currency each."""
    listed, found = list(periods), []
    for currency in currencies:
        total = NONE
        for start in listed:
            total = total.plus(series.get((start, currency), NONE))
        found.append(total.shown(currency))
    return found

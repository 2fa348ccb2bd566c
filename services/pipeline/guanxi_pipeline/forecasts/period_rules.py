"""Periods of forecasts and quotas: months, quarters and years of the calendar. Pure.

`2026-11`, `2026-Q4` and `2026`, or `this_quarter`, `last_month`, `next_year` from a day on. A period
holds its first day and not `ends_on`, which is the first day after it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from guanxi_shared.errors import Invalid

Kind = Literal["month", "quarter", "year"]
MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
NAMED = re.compile(r"(\d{4})(?:-(?:Q([1-4])|(\d\d)))?")
RELATIVE = re.compile(r"(last|this|next)_(month|quarter|year)")
STEPS = {"last": -1, "this": 0, "next": 1}
WANTED = "Send this_quarter, last_month, next_year, 2026-Q4, 2026-11 or 2026."
YEARS = (1901, 2199)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    starts_on: date
    kind: str

    @property
    def ends_on(self) -> date:
        """The first day after it."""
        return plus_months(self.starts_on, MONTHS[self.kind])

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days

    @property
    def name(self) -> str:
        year, month = self.starts_on.year, self.starts_on.month
        if self.kind == "year":
            return f"{year}"
        return f"{year}-Q{(month + 2) // 3}" if self.kind == "quarter" else f"{year}-{month:02d}"

    def moved(self, steps: int) -> "Period":
        return Period(plus_months(self.starts_on, steps * MONTHS[self.kind]), self.kind)

    def parts(self, kind: str) -> list["Period"]:
        """The whole periods of a shorter kind that it is made of."""
        count = MONTHS[self.kind] // MONTHS[kind]
        return [Period(plus_months(self.starts_on, i * MONTHS[kind]), kind) for i in range(count)]

    def elapsed_days(self, day: date) -> int:
        """How many of its days have begun on `day`, that day among them; 0 to `days`."""
        return min(max((day - self.starts_on).days + 1, 0), self.days)

    def day_at(self, share: Decimal) -> date:
        """The day on which this share of its days has begun, the nearest."""
        count = int((share * self.days).to_integral_value())
        return self.starts_on + timedelta(days=min(max(count, 1), self.days) - 1)


def plus_months(first: date, months: int) -> date:
    """`first` is the first day of a month."""
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def period_of(kind: str, day: date) -> Period:
    """The period of a kind that holds the day."""
    months = MONTHS[kind]
    return Period(date(day.year, (day.month - 1) // months * months + 1, 1), kind)


def parse_period(text: str, today: date, *, field: str = "period") -> Period:
    """Invalid (422) names the field when the text is no period."""
    relative, named = RELATIVE.fullmatch(text), NAMED.fullmatch(text) if text.isascii() else None
    if relative:
        return period_of(relative[2], today).moved(STEPS[relative[1]])
    if named and YEARS[0] <= int(named[1]) <= YEARS[1]:
        year, quarter, month = int(named[1]), named[2], named[3]
        if quarter:
            return Period(date(year, int(quarter) * 3 - 2, 1), "quarter")
        if month is None:
            return Period(date(year, 1, 1), "year")
        if 1 <= int(month) <= 12:
            return Period(date(year, int(month), 1), "month")
    raise Invalid(f"{text[:40]!r} is no period.", errors={field: WANTED}, code="bad_period")


def demand_start(kind: str, starts_on: date) -> None:
    """A period begins where the calendar's does."""
    if period_of(kind, starts_on).starts_on != starts_on:
        raise Invalid(
            f"No {kind} begins on {starts_on}.",
            errors={
                "starts_on": f"Send {period_of(kind, starts_on).starts_on}, or another first day."
            },
        )


def shown(period: Period) -> dict[str, Any]:
    return {
        "name": period.name, "kind": period.kind, "starts_on": period.starts_on,
        "ends_on": period.ends_on - timedelta(days=1),
    }  # fmt: skip


def elapsed(period: Period, day: date) -> dict[str, Any]:
    """How much of the period has begun, in calendar days."""
    begun = period.elapsed_days(day)
    return {
        "days": begun, "of": period.days, "counted_in": "calendar_days",
        "share": round(begun / period.days, 4),
    }  # fmt: skip


def finished_before(period: Period, today: date, most: int) -> Iterable[Period]:
    """Periods of its kind that are over, the newest first; `period` itself is none of them."""
    newest = min(period, period_of(period.kind, today)).moved(-1)
    return (newest.moved(-i) for i in range(most) if newest.starts_on.year - i > YEARS[0])

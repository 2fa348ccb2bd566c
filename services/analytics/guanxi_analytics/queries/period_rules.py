"""Periods: their labels, their beginnings, and the same stretch of time earlier. Pure."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

MONTHS_IN: Final = {"month": 1, "quarter": 3, "year": 12}
DAYS_IN: Final = {"day": 1, "week": 7}


@dataclass(frozen=True, slots=True)
class Shift:
    """How far back: so many months or so many days."""

    months: int = 0
    days: int = 0

    def back(self, day: date) -> date:
        return moved(day, -self.months) - timedelta(days=self.days)

    def on(self, day: date) -> date:
        return moved(day, self.months) + timedelta(days=self.days)

    def fits(self, bucket: str) -> bool:
        """Whether beginnings of such buckets stay beginnings."""
        if bucket in MONTHS_IN:
            return not self.days and self.months % MONTHS_IN[bucket] == 0
        return bucket == "day" or (not self.months and self.days % DAYS_IN[bucket] == 0)


def moved(day: date, months: int) -> date:
    """So many months on; a day that the month has not is its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def shift_of(compare: str, first: date, until: date, bucket: str | None) -> Shift:
    """The year before (52 weeks where weeks are compared), or the stretch directly before: as many months
    where it is whole months, else as many days. `until` is the first day that no longer belongs to it."""
    if compare == "previous_year":
        return Shift(days=364) if bucket == "week" else Shift(months=12)
    if first.day == 1 and until.day == 1:
        return Shift(months=(until.year - first.year) * 12 + until.month - first.month)
    return Shift(days=(until - first).days)


def label_of(start: date, bucket: str) -> str:
    """`2026`, `2026-Q3`, `2026-08`, `2026-W32`, `2026-08-03`."""
    if bucket == "year":
        return f"{start.year}"
    if bucket == "quarter":
        return f"{start.year}-Q{(start.month + 2) // 3}"
    if bucket == "month":
        return f"{start:%Y-%m}"
    if bucket == "week":
        year, week, _ = start.isocalendar()
        return f"{year}-W{week:02d}"
    return start.isoformat()


def end_of(start: date, bucket: str) -> date:
    """The beginning of the next one."""
    if bucket in MONTHS_IN:
        return moved(start, MONTHS_IN[bucket])
    return start + timedelta(days=DAYS_IN[bucket])

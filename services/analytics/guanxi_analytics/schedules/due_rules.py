"""When a schedule comes round next, by the clock on the organisation's wall. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

PAUSES: Final = (
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
)


def next_due(
    cadence: str, *, hour: int, weekday: int, day: int, zone: ZoneInfo, after: datetime
) -> datetime:
    """The first moment after `after`: each day, each Monday (1) to Sunday (7), each such day of a month (1 to 28). Of an
    hour that the clock skips it is what the clock shows then; what was missed is not made up for."""
    today = after.astimezone(zone).date()
    found = (
        datetime.combine(today + timedelta(days=n), time(hour), zone).astimezone(UTC)
        for n in range(33)
        if _is_day(cadence, today + timedelta(days=n), weekday, day)
    )
    return next(moment for moment in found if moment > after)


def _is_day(cadence: str, on: date, weekday: int, day: int) -> bool:
    if cadence == "weekly":
        return on.isoweekday() == weekday
    return cadence == "daily" or on.day == day


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """After so many attempts; None when it was the last."""
    return now + PAUSES[attempts - 1] if attempts <= len(PAUSES) else None

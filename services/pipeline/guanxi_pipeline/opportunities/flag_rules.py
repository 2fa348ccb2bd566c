"""What is wrong with an open deal: pure, with the sentence that says why.

overdue    its closing day has passed
slipping   its closing day was put off, `SLIPS` times or more, or by more than `SLIP_DAYS` altogether
stuck      longer in its stage than the stage allows
idle       nothing was done with it, nor changed on it, for the pipeline's days
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

SLIPS: Final = 2
SLIP_DAYS: Final = 30
FLAGS: Final = ("overdue", "slipping", "stuck", "idle")


def flags_of(
    row: Mapping[str, Any], *, max_days: int | None, idle_days: int, now: datetime, today: date
) -> list[dict[str, str]]:
    """`row` as stored; `today` is the organisation's day. None for what is closed."""
    if row["status"] != "open":
        return []
    found = [
        ("overdue", _overdue(row, today)), ("slipping", _slipping(row)),
        ("stuck", _stuck(row, max_days, now)), ("idle", _idle(row, idle_days, now)),
    ]  # fmt: skip
    return [{"flag": name, "reason": reason} for name, reason in found if reason is not None]


def _overdue(row: Mapping[str, Any], today: date) -> str | None:
    close_on = row["close_on"]
    if close_on is None or close_on >= today:
        return None
    return f"It was to close on {close_on}, {_days((today - close_on).days)} ago."


def _slipping(row: Mapping[str, Any]) -> str | None:
    first, close_on, moves = row["first_close_on"], row["close_on"], row["close_on_moves"]
    if first is None or close_on is None:
        return None
    days = (close_on - first).days
    if days <= 0 or (moves < SLIPS and days <= SLIP_DAYS):
        return None
    times = "once" if moves == 1 else f"{moves} times"
    return f"Its closing day was moved {times}, from {first} to {close_on}: {_days(days)} later."


def _stuck(row: Mapping[str, Any], max_days: int | None, now: datetime) -> str | None:
    days = (now - row["stage_entered_at"]).days
    if max_days is None or days <= max_days:
        return None
    return f"It has been in this stage for {_days(days)}; {_days(max_days)} are meant."


def _idle(row: Mapping[str, Any], idle_days: int, now: datetime) -> str | None:
    touched = max(row["updated_at"], row["last_activity_at"] or row["updated_at"])
    days = (now - touched).days
    if days <= idle_days:
        return None
    return f"Nothing has happened with it for {_days(days)}."


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"

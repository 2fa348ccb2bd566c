"""When an owned record falls back into a pool, and how many more somebody may take. Pure.

A day is 24 hours from the moment that counts; only a contract's last day is a day of the calendar,
over at the organisation's midnight.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LAST_DAY = date(9000, 1, 1)  # "for ever", with room to count on


@dataclass(frozen=True, slots=True)
class Periods:
    """A release rule's days; None where it does not ask."""

    idle_days: int | None = None
    never_won_days: int | None = None
    contract_over_days: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an owned record."""

    owned_since: datetime
    last_activity_at: datetime | None = None
    last_won_at: datetime | None = None
    contract_ends_on: date | None = None
    protected_until: datetime | None = None


def due_at(periods: Periods, facts: Facts, zone: ZoneInfo) -> datetime | None:
    """When everything that the rule asks for has lasted long enough; None: never, as things stand.

    No time counts that lies before the present ownership, and none ends within its protection.
    """
    ends = [
        _end(facts.owned_since, facts.last_activity_at, periods.idle_days),
        _end(facts.owned_since, facts.last_won_at, periods.never_won_days),
    ]
    if periods.contract_over_days is not None:
        if facts.contract_ends_on is None:
            return None
        over = _midnight_after(facts.contract_ends_on, zone)
        ends.append(_end(facts.owned_since, over, periods.contract_over_days))
    return max(end for end in (*ends, facts.protected_until) if end is not None)


def falls_back_at(
    due: datetime, *, warn_days: int, warned_at: datetime | None, now: datetime
) -> datetime:
    """When a record whose rule is due then really goes: nobody loses one without the warning."""
    if not warn_days:
        return due
    ahead = timedelta(days=warn_days)
    warned = warned_at or max(now, due - ahead)
    return max(due, warned + ahead)


def first_to_take(outlooks: Sequence[datetime | None]) -> int | None:
    """Which of the rules (in the pools' order) takes a record: the earliest, of equals the first."""
    known = [(at, index) for index, at in enumerate(outlooks) if at is not None]
    return min(known)[1] if known else None


def room(*, limits: Mapping[str, int | None], used: Mapping[str, int]) -> tuple[int | None, str]:
    """How many more somebody may take (None: any number), and the limit that says so."""
    left = [(max(0, most - used[name]), name) for name, most in limits.items() if most is not None]
    return min(left) if left else (None, "")


def reached_before(now: datetime, days: int, *, ahead: int) -> datetime:
    """What lies no later than this will have lasted `days` in `ahead` days."""
    return now - timedelta(days=days) + timedelta(days=ahead)


def _end(owned_since: datetime, last: datetime | None, days: int | None) -> datetime | None:
    if days is None:
        return None
    return max(owned_since, last or owned_since) + timedelta(days=days)


def _midnight_after(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(min(day, LAST_DAY) + timedelta(days=1), time(), zone).astimezone(UTC)

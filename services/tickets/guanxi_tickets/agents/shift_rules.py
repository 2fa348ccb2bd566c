"""When an agent works, by the rules of business calendars. Pure.

Hours that begin again within four hours go on: what lies between is a break (lunch), in which nothing
is assigned and nothing taken away. A shift ends where hours end for longer:

    ends(s) = min { e > s : e closes a span, and no working time lies in [e, e + 4 h) }
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from guanxi_shared.errors import Invalid
from guanxi_tickets.sla.calendar_rules import Calendar, Stretch, worked_between, worked_seconds
from guanxi_tickets.sla.hours_rules import calendar_from

BREAK: Final = timedelta(hours=4)
# How far ahead an end is looked for: first the coming weeks, then rare hours of years.
AHEAD: Final = (timedelta(days=15), timedelta(days=366), timedelta(days=366 * 5))
CALENDAR_WORDS: Final = {"holidays": "days_off", "calendar": "shifts"}


def calendar_of(shifts: Mapping[str, Any]) -> Calendar:
    """Invalid (422) names the field: `shifts.hours.monday.1.from`."""
    document = {name: shifts[name] for name in shifts if name != "days_off"}
    try:
        return calendar_from({**document, "holidays": shifts.get("days_off") or []})
    except Invalid as problem:
        raise _as_sent(problem) from problem


def _as_sent(problem: Invalid) -> Invalid:
    [(field, sentence)] = problem.errors.items()
    first, _, rest = field.partition(".")
    name = ".".join(filter(None, ("shifts", CALENDAR_WORDS.get(first, first), rest)))
    return Invalid(f"{name}: {sentence}", errors={name: sentence}, code="bad_shifts")


def is_on_shift(calendar: Calendar | None, at: datetime) -> bool:
    """Within hours; somebody without a plan always is."""
    if calendar is None:
        return True
    return worked_seconds(calendar, at, at + timedelta(seconds=1)) > 0


def shift_ends_at(calendar: Calendar | None, after: datetime) -> datetime | None:
    """The next end of a shift after that instant, in UTC; None when none is to come."""
    if calendar is None:
        return None
    for ahead in AHEAD:
        end = _first_end(worked_between(calendar, after, after + ahead), after)
        if end is not None:
            return end
    return None


def _first_end(stretches: list[Stretch], after: datetime) -> datetime | None:
    """Between two spans, or after the last one if the look went far enough past it."""
    worked = [stretch for stretch in stretches if stretch.counted]
    for earlier, later in pairwise(worked):
        if later.from_at - earlier.to_at >= BREAK:
            return earlier.to_at
    if worked and stretches[-1].to_at - worked[-1].to_at >= BREAK:
        return worked[-1].to_at
    return None

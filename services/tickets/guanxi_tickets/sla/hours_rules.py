"""A business calendar as it is written, and what is refused in it. Pure.

    {"name": "Berlin", "time_zone": "Europe/Berlin",
     "hours": {"monday": [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "17:30"}]},
     "holidays": [{"on": "2026-12-25", "name": "Christmas"}],
     "exceptional_days": [{"on": "2026-12-24", "name": "Christmas Eve", "hours": [{"from": "09:00", "to": "12:00"}]}]}

or `"always": true` instead of hours and days. A weekday that is left out has no hours. Times are
HH:MM of the wall clock, 00:00 to 24:00; a span ends after it begins and on its own date, so that a
night shift is written 22:00 to 24:00 and 00:00 to 06:00 of the next day: which of the two a holiday
takes away is then never in doubt. Spans may touch and not overlap, in any order.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from guanxi_shared.errors import Invalid
from guanxi_tickets.sla.calendar_rules import ALWAYS, MINUTES, Calendar, Span

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLOCK_TIME = re.compile(r"(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
YEARS = (1970, 2199)
MOST_SPANS = 24
MOST_DAYS = 2_000
KNOWN = {"name", "time_zone", "always", "hours", "holidays", "exceptional_days"}


def calendar_from(document: Mapping[str, Any]) -> Calendar:
    """Invalid (422) names the field: `hours.monday.1.from`."""
    _only(document, KNOWN, "")
    zone, name = _zone(document.get("time_zone")), _text(document.get("name", ""), "name")
    if _flag(document.get("always", False), "always"):
        for other in ("hours", "holidays", "exceptional_days"):
            if document.get(other):
                raise _refuse(other, "A calendar that is always open has no hours or days.")
        return Calendar(zone, ALWAYS.week, name=name or ALWAYS.name)
    hours = {} if document.get("hours") is None else document["hours"]
    _only(hours, WEEKDAYS, "hours")
    week = tuple(_spans(hours.get(day), f"hours.{day}") for day in WEEKDAYS)
    holidays = [_day(each, f"holidays.{n}") for n, each in _entries(document, "holidays")]
    own = [
        _own_day(each, f"exceptional_days.{n}")
        for n, each in _entries(document, "exceptional_days")
    ]
    _each_once([on for on, _ in holidays], "holidays")
    _each_once([on for on, _, _ in own], "exceptional_days")
    return Calendar(zone, week, tuple(sorted(holidays)), tuple(sorted(own)), name)


def _refuse(field: str, sentence: str) -> Invalid:
    return Invalid(f"{field}: {sentence}", errors={field: sentence}, code="bad_calendar")


def _only(sent: Any, known: Sequence[str] | set[str], field: str) -> None:
    if not isinstance(sent, Mapping):
        raise _refuse(field or "calendar", "Send an object.")
    for key in sent:
        if key not in known:
            path = f"{field}.{key}" if field else f"{key}"
            raise _refuse(path[:80], f"This is none of {', '.join(sorted(known))}.")


def _text(sent: Any, field: str) -> str:
    if not isinstance(sent, str) or len(sent) > 200:
        raise _refuse(field, "Send a text of at most 200 characters.")
    return sent.strip()


def _flag(sent: Any, field: str) -> bool:
    if not isinstance(sent, bool):
        raise _refuse(field, "Send true or false.")
    return sent


def _zone(sent: Any) -> str:
    """A name of the IANA database; zones of this machine alone (`localtime`) are none."""
    try:
        if isinstance(sent, str) and sent[:1].isupper() and ZoneInfo(sent).key == sent:
            return sent
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise _refuse("time_zone", "Send an IANA time zone such as Asia/Shanghai.")


def _entries(document: Mapping[str, Any], field: str) -> list[tuple[int, Any]]:
    sent = () if document.get(field) is None else document[field]
    if not isinstance(sent, Sequence) or isinstance(sent, str) or len(sent) > MOST_DAYS:
        raise _refuse(field, f"Send a list of at most {MOST_DAYS:,} days.")
    return list(enumerate(sent))


def _day(sent: Any, field: str) -> tuple[date, str]:
    """A date alone, or with its name."""
    if isinstance(sent, str | date):
        return _date(sent, field), ""
    _only(sent, ("on", "name"), field)
    return _date(sent.get("on"), f"{field}.on"), _text(sent.get("name") or "", f"{field}.name")


def _own_day(sent: Any, field: str) -> tuple[date, str, tuple[Span, ...]]:
    _only(sent, ("on", "name", "hours"), field)
    on, name = _day({key: sent.get(key) for key in ("on", "name")}, field)
    if "hours" not in sent:
        raise _refuse(f"{field}.hours", "Send its hours; an empty list closes the day.")
    return on, name, _spans(sent["hours"], f"{field}.hours")


def _date(sent: Any, field: str) -> date:
    try:
        if isinstance(sent, str) and DAY.fullmatch(sent):
            sent = date.fromisoformat(sent)
    except ValueError:
        sent = None
    if type(sent) is not date or not YEARS[0] <= sent.year <= YEARS[1]:
        raise _refuse(field, f"Send a date from {YEARS[0]} to {YEARS[1]} such as 2026-12-25.")
    return sent


def _each_once(days: Sequence[date], field: str) -> None:
    first = {on: n for n, on in reversed(list(enumerate(days)))}
    for n, on in enumerate(days):
        if first[on] != n:
            raise _refuse(f"{field}.{n}", f"{on} is there already.")


def _spans(sent: Any, field: str) -> tuple[Span, ...]:
    """In order; those that touch stay as they are."""
    if sent is None:
        return ()
    if not isinstance(sent, Sequence) or isinstance(sent, str) or len(sent) > MOST_SPANS:
        raise _refuse(field, f"Send a list of at most {MOST_SPANS} spans, each from and to.")
    numbered = sorted((_span(each, f"{field}.{n}"), n) for n, each in enumerate(sent))
    for (before, _), (after, n) in pairwise(numbered):
        if after.opens < before.closes:
            raise _refuse(f"{field}.{n}", "It overlaps another span of the day.")
    return tuple(span for span, _ in numbered)


def _span(sent: Any, field: str) -> Span:
    _only(sent, ("from", "to"), field)
    span = Span(_minute(sent.get("from"), f"{field}.from"), _minute(sent.get("to"), f"{field}.to"))
    if span.opens == MINUTES:
        raise _refuse(f"{field}.from", "24:00 is an end; the next day begins at 00:00.")
    if span.closes <= span.opens:
        raise _refuse(
            f"{field}.to",
            "It must come after from. Write what goes past midnight as two spans: until 24:00, and from 00:00 of the next day.",
        )
    return span


def _minute(sent: Any, field: str) -> int:
    found = CLOCK_TIME.fullmatch(sent) if isinstance(sent, str) else None
    if found is None:
        raise _refuse(field, "Send a time such as 09:00, from 00:00 to 24:00.")
    return MINUTES if found[1] is None else int(found[1]) * 60 + int(found[2])

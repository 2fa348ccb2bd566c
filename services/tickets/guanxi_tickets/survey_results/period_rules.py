"""Periods of results on the calendar of a time zone, and the search documents that find their rows. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

from guanxi_tickets.tickets import document_rules
from guanxi_tickets.tickets.document_rules import filter_of

MOST: Final = 400
STEPS: Final = ("none", "day", "week", "month", "quarter", "year")


@dataclass(frozen=True, slots=True)
class Period:
    """`first` to `last`, both days in it; `start` to `end`, the moments, `end` not in it."""

    first: date
    last: date
    start: datetime
    end: datetime


def periods_of(first: date, last: date, by: str, zone: tzinfo) -> list[Period]:
    """In order, without a hole; the first and the last as far as they lie within. At most MOST + 1."""
    found: list[Period] = []
    day = first
    while day <= last and len(found) <= MOST:
        following = min(_following(day, by), last + timedelta(days=1))
        start, end = (_midnight(each, zone) for each in (day, following))
        found.append(Period(day, following - timedelta(days=1), start, end))
        day = following
    return found


def _following(day: date, by: str) -> date:
    """The first day of the next period."""
    if by == "none":
        return date.max - timedelta(days=1)
    if by == "day":
        return day + timedelta(days=1)
    if by == "week":
        return day + timedelta(days=7 - day.weekday())
    months = {"month": 1, "quarter": 3, "year": 12}[by]
    month = (day.month - 1) // months * months + months
    return date(day.year + month // 12, month % 12 + 1, 1)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def document_of(
    survey_id: str, moment: str, period: Period, more: Mapping[str, Any]
) -> dict[str, Any]:
    """What a search of answers or invitations is sent to be shown the rows of a period."""
    return document_rules.document_of(
        [
            filter_of("survey_id", "eq", survey_id), filter_of(moment, "gte", period.start),
            filter_of(moment, "lt", period.end),
            *(filter_of(name, "eq", value) for name, value in more.items()),
        ]
    )  # fmt: skip

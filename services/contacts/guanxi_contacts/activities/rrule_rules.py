"""RRULE of RFC 5545, section 3.3.10, by days: which days does a rule hit?

The time of day is the start's, so a rule is read day by day, and the end of the search is the
reader's. dateutil, which the tests hold this against, looks for the next hit of a rule that never
hits (30 February) until year 9999, several seconds for one request.
"""

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAYS = {name: index for index, name in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))}
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """`weekdays` are pairs of n (0: every one) and the weekday, Monday being 0."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: str | None = None
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0


def rule_from(parts: dict[str, str]) -> Rule:
    """ValueError or KeyError for what is no rule."""
    rule = Rule(
        frequency=FREQUENCIES[FREQUENCIES.index(parts["FREQ"])],
        interval=_number(parts.get("INTERVAL", "1"), 1, 1_000),
        count=_number(parts["COUNT"], 1, 5_000) if "COUNT" in parts else None,
        until=parts.get("UNTIL"),
        months=_numbers(parts, "BYMONTH", 1, 12),
        month_days=_numbers(parts, "BYMONTHDAY", -31, 31),
        year_days=_numbers(parts, "BYYEARDAY", -366, 366),
        weekdays=tuple(
            _weekday(one) for one in parts.get("BYDAY", "").split(",") if "BYDAY" in parts
        ),
        positions=_numbers(parts, "BYSETPOS", -366, 366),
        week_start=WEEKDAYS[parts.get("WKST", "MO")],
    )
    if any(n for n, _ in rule.weekdays) and rule.frequency in ("DAILY", "WEEKLY"):
        raise ValueError("a numbered weekday belongs to a month or a year")
    return rule


def _number(text: str, low: int, high: int) -> int:
    digits = text.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 4):
        raise ValueError(text)
    if not low <= int(text) <= high or int(text) == 0:
        raise ValueError(text)
    return int(text)


def _numbers(parts: dict[str, str], name: str, low: int, high: int) -> tuple[int, ...]:
    return tuple(_number(one, low, high) for one in parts[name].split(",")) if name in parts else ()


def _weekday(text: str) -> tuple[int, int]:
    number, name = text[:-2], text[-2:]
    return (_number(number, -53, 53) if number else 0, WEEKDAYS[name])


def days_of(rule: Rule, start: date, until: date, *, since: date = date.min) -> Iterator[date]:
    """The days that the rule hits from `start` (or the later `since`) to `until`, all included."""
    hits = _test(rule, start)
    earliest = max(start, since)
    for period in _periods(rule, start, earliest, until):
        chosen = [day for day in period if hits(day)]
        for day in _placed(rule.positions, chosen):
            if earliest <= day <= until:
                yield day


def _placed(positions: tuple[int, ...], days: list[date]) -> list[date]:
    if not positions:
        return days
    found = {p if p < 0 else p - 1 for p in positions if abs(p) <= len(days)}
    return sorted({days[index] for index in found})


def _periods(rule: Rule, start: date, earliest: date, until: date) -> Iterator[list[date]]:
    """The days of every `interval`th day, week, month or year, from the one that `earliest` lies in or
    comes before."""
    first, step = _first_period(rule, start), rule.interval
    passed = _whole_periods(rule.frequency, first, earliest)
    first = _later(rule.frequency, first, passed - passed % step)
    while first <= until:
        following = _later(rule.frequency, first, 1)
        yield [first + DAY * i for i in range((following - first).days)]
        first = _later(rule.frequency, first, step)


def _first_period(rule: Rule, start: date) -> date:
    if rule.frequency == "WEEKLY":
        return start - DAY * ((start.weekday() - rule.week_start) % 7)
    if rule.frequency == "DAILY":
        return start
    return start.replace(day=1) if rule.frequency == "MONTHLY" else start.replace(month=1, day=1)


def _whole_periods(frequency: str, first: date, day: date) -> int:
    """How many periods lie between the beginning of one and the one that a later day is in."""
    if frequency in ("DAILY", "WEEKLY"):
        return (day - first).days // (7 if frequency == "WEEKLY" else 1)
    months = (day.year - first.year) * 12 + day.month - first.month
    return months // (12 if frequency == "YEARLY" else 1)


def _later(frequency: str, first: date, count: int) -> date:
    if frequency in ("DAILY", "WEEKLY"):
        return first + DAY * count * (7 if frequency == "WEEKLY" else 1)
    months = first.year * 12 + first.month - 1 + count * (12 if frequency == "YEARLY" else 1)
    return date(months // 12, months % 12 + 1, 1)


def _test(rule: Rule, start: date) -> Callable[[date], bool]:
    """What a day must be; the start says what the rule leaves open."""
    is_open = not (rule.month_days or rule.year_days or rule.weekdays)
    months, month_days, weekdays = rule.months, rule.month_days, rule.weekdays
    if is_open and rule.frequency in ("MONTHLY", "YEARLY"):
        month_days = (start.day,)
    if is_open and rule.frequency == "YEARLY" and not months:
        months = (start.month,)
    if is_open and rule.frequency == "WEEKLY":
        weekdays = ((0, start.weekday()),)
    in_year = rule.frequency == "YEARLY" and not rule.months

    def hits(day: date) -> bool:
        return (
            (not months or day.month in months)
            and (not month_days or _is_counted(day.day, _month_length(day), month_days))
            and (
                not rule.year_days or _is_counted(_of_year(day), _year_length(day), rule.year_days)
            )
            and (not weekdays or _is_weekday(day, weekdays, in_year=in_year))
        )

    return hits


def _is_counted(number: int, length: int, wanted: tuple[int, ...]) -> bool:
    """From the front, or from the back when negative."""
    return number in wanted or number - length - 1 in wanted


def _is_weekday(day: date, wanted: tuple[tuple[int, int], ...], *, in_year: bool) -> bool:
    weekday = day.weekday()
    if not any(w == weekday for _, w in wanted):
        return False
    number = _of_year(day) if in_year else day.day
    length = _year_length(day) if in_year else _month_length(day)
    front, back = (number - 1) // 7 + 1, -((length - number) // 7 + 1)
    return any(w == weekday and n in (0, front, back) for n, w in wanted)


def _month_length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _year_length(day: date) -> int:
    return 366 if calendar.isleap(day.year) else 365


def _of_year(day: date) -> int:
    return day.timetuple().tm_yday

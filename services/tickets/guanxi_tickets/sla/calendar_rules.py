"""Business calendars: which seconds are working time, exactly, over years. Pure.

A calendar says for each weekday, on the wall clock of its IANA time zone, from when to when work is
done. A date's hours are those of its exceptional day if there is one, else none on a holiday, else
its weekday's. A span lies within one date; what goes past midnight is written as two.

A wall-clock time stands for one instant, the first at which the zone's clock shows it or later:

    reached(w) = min { t : wall(t) >= w },     working time of a span = [reached(opens), reached(closes))

So a time that the spring gap leaves out is the instant of the gap, a time that the autumn fold shows
twice is the first of the two, a span over the gap is shorter and one over the fold longer by the
shift, and spans that do not overlap on the wall clock never do in time.

Each year of a calendar is laid out once as pieces with running sums; every question is then a search
in it (O(log n) a year). Instants are aware datetimes, cut to the second; lengths are whole seconds.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

MINUTES = 1440
EPOCH = date(1970, 1, 1).toordinal()
EPOCH_AT = datetime(1970, 1, 1, tzinfo=UTC)
# Nothing is due later than this many years after its start: hours that rare are none.
MOST_YEARS = 100
LAST_YEAR = 9990


class Span(NamedTuple):
    """Minutes of the wall clock since midnight: 0 <= opens < closes <= 1440."""

    opens: int
    closes: int


class Reason(NamedTuple):
    """Why a stretch is counted or not: a word, and the name of the day or state if there is one."""

    word: str
    name: str = ""


IN_HOURS = Reason("in_hours")
OUTSIDE = Reason("outside_hours")
NO_HOURS = Reason("no_hours")


@dataclass(frozen=True, slots=True)
class Calendar:
    """`week` has seven days, Monday first; a day is its spans in order, without overlap."""

    time_zone: str
    week: tuple[tuple[Span, ...], ...]
    holidays: tuple[tuple[date, str], ...] = ()
    exceptional_days: tuple[tuple[date, str, tuple[Span, ...]], ...] = ()
    name: str = ""

    def __hash__(self) -> int:
        return hash((self.time_zone, self.week))

    @property
    def last_year(self) -> int:
        """The last one in which it can have hours; 0 for a calendar that never has any."""
        if any(self.week):
            return LAST_YEAR
        return max((on.year for on, _, spans in self.exceptional_days if spans), default=0)


ALL_DAY = (Span(0, MINUTES),)
ALWAYS = Calendar("UTC", (ALL_DAY,) * 7, name="24/7")


class Stretch(NamedTuple):
    """From an instant (it is in) to another (it is not), in UTC; `counted` if it is working time."""

    from_at: datetime
    to_at: datetime
    counted: bool
    reason: Reason

    @property
    def seconds(self) -> int:
        return whole_seconds(self.from_at, self.to_at)


class Year(NamedTuple):
    """A calendar's year: piece i lasts from starts[i] to starts[i + 1], in seconds since 1970.

    `worked[i]` is the working time from the year's beginning to starts[i]; both lists end with the
    end of the year, `reasons` is one shorter.
    """

    starts: Sequence[int]
    worked: Sequence[int]
    reasons: list[Reason]


def cut(at: datetime) -> datetime:
    """The instant in UTC, cut to the second; ValueError when it has no time zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone.")
    return at.astimezone(UTC).replace(microsecond=0)


def whole_seconds(start: datetime, end: datetime) -> int:
    """Rounded down; both in UTC, or of different zones."""
    between = end - start
    return between.days * 86_400 + between.seconds


def worked_seconds(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Working time from start to end, in seconds; 0 when the end is not after the start."""
    first, last = _epoch(start), _epoch(end)
    if last <= first:
        return 0
    number, year = _layout_at(calendar, first)
    worked = -_worked_at(year, first)
    while last >= year.starts[-1]:
        worked, number = worked + year.worked[-1], number + 1
        year = _year(calendar, number)
    return worked + _worked_at(year, last)


def add_working(calendar: Calendar, start: datetime, seconds: int) -> datetime | None:
    """The first instant by which so many working seconds have passed since `start`, in UTC.

    Hours used up at closing time are used up then, not on the next morning; none at all are used up
    at `start`. None when it never comes: a calendar without hours, or not within 100 years.
    ValueError for less than nothing.
    """
    if seconds < 0:
        raise ValueError("No time is added backwards.")
    begun = _epoch(start)
    if seconds == 0:
        return _instant(begun)
    number, year = _layout_at(calendar, begun)
    wanted = seconds + _worked_at(year, begun)
    for n in range(number, min(calendar.last_year, number + MOST_YEARS) + 1):
        year = _year(calendar, n)
        if wanted <= year.worked[-1]:
            piece = bisect_left(year.worked, wanted) - 1
            return _instant(year.starts[piece] + wanted - year.worked[piece])
        wanted -= year.worked[-1]
    return None


def worked_between(calendar: Calendar, start: datetime, end: datetime) -> list[Stretch]:
    """Start to end in stretches without hole or overlap, neighbours of different reasons.

    Reasons: `in_hours` is counted; `outside_hours`, `holiday` and `exceptional_day` (with its name)
    and `no_hours` (a calendar that never has any) are not. The counted ones add up to
    `worked_seconds`. A holiday is a reason only where it took hours away. Empty when end <= start.
    """
    first, last = _epoch(start), _epoch(end)
    found: list[tuple[int, Reason]] = []
    if first < last:
        for number in range(_layout_at(calendar, first)[0], _layout_at(calendar, last)[0] + 1):
            _add(found, _cut_out(_year(calendar, number), first, last))
    ends = [at for at, _ in found[1:]] + [last]
    return [
        Stretch(_instant(at), _instant(to), reason == IN_HOURS, reason)
        for (at, reason), to in zip(found, ends, strict=False)
    ]


def _cut_out(year: Year, first: int, last: int) -> Iterator[tuple[int, Reason]]:
    """The pieces of a year that have a part between the two, each with where that begins."""
    begun = max(bisect_right(year.starts, first) - 1, 0)
    for piece in range(begun, min(bisect_left(year.starts, last), len(year.reasons))):
        yield max(year.starts[piece], first), year.reasons[piece]


def _add(found: list[tuple[int, Reason]], more: Iterator[tuple[int, Reason]]) -> None:
    """Join what follows on: empty pieces go, equal neighbours become one."""
    for at, reason in more:
        if found and found[-1][0] >= at:
            found.pop()
        if not found or found[-1][1] != reason:
            found.append((at, reason))


def _epoch(at: datetime) -> int:
    """Whole seconds since 1970."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone.")
    return whole_seconds(EPOCH_AT, at)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _layout_at(calendar: Calendar, at: int) -> tuple[int, Year]:
    """The year, and its layout, that holds the instant."""
    number = _instant(at).year
    year = _year(calendar, number)
    while at >= year.starts[-1]:
        number += 1
        year = _year(calendar, number)
    while at < year.starts[0]:
        number -= 1
        year = _year(calendar, number)
    return number, year


def _worked_at(year: Year, at: int) -> int:
    """Working seconds from the year's beginning to an instant in it."""
    piece = bisect_right(year.starts, at) - 1
    since = at - year.starts[piece] if year.reasons[piece] == IN_HOURS else 0
    return year.worked[piece] + since


@lru_cache(maxsize=1024)
def _year(calendar: Calendar, number: int) -> Year:
    found: list[tuple[int, Reason]] = []
    _add(found, _laid_out(calendar, number))
    starts, reasons = array("q", [at for at, _ in found]), [reason for _, reason in found]
    starts.append(_reached(ZoneInfo(calendar.time_zone), date(number + 1, 1, 1), 0))
    worked = array("q", [0])
    for piece, reason in enumerate(reasons):
        length = starts[piece + 1] - starts[piece]
        worked.append(worked[-1] + (length if reason == IN_HOURS else 0))
    return Year(starts, worked, reasons)


def _laid_out(calendar: Calendar, number: int) -> Iterator[tuple[int, Reason]]:
    """Where something begins, day by day; pieces may be empty.

    On a date of 24 hours no clock changes: no zone of the database has two changes within one.
    """
    zone, first = ZoneInfo(calendar.time_zone), date(number, 1, 1)
    over = _reached(zone, first, 0)
    for n, (spans, closed) in enumerate(_days(calendar, first)):
        day, begun = first + timedelta(days=n), over
        over = _reached(zone, day + timedelta(days=1), 0)
        is_plain = over - begun == 86_400
        yield begun, closed
        for span in spans:
            for minute, reason in ((span.opens, IN_HOURS), (span.closes, closed)):
                yield begun + minute * 60 if is_plain else _reached(zone, day, minute), reason


def _days(calendar: Calendar, first: date) -> Iterator[tuple[tuple[Span, ...], Reason]]:
    """Each day of the year: its spans, and the reason for the rest of it."""
    holidays = {on: name for on, name in calendar.holidays if on.year == first.year}
    own = {day[0]: day for day in calendar.exceptional_days if day[0].year == first.year}
    usual = OUTSIDE if calendar.last_year else NO_HOURS
    for n in range((first.replace(year=first.year + 1) - first).days):
        day = first + timedelta(days=n)
        spans = calendar.week[day.weekday()]
        if day in own:
            yield own[day][2], Reason("exceptional_day", own[day][1])
        elif spans and day in holidays:
            yield (), Reason("holiday", holidays[day])
        else:
            yield spans, usual


def _reached(zone: ZoneInfo, day: date, minute: int) -> int:
    """The first instant at which the zone's clock shows this time of the day or later."""
    shown = (day.toordinal() - EPOCH) * 86_400 + minute * 60
    at = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    before, after = _offset(at), _offset(at.replace(fold=1))
    if before >= after:  # as ever, or shown twice: the first counts
        return shown - before
    early, late = shown - after, shown - before  # in a gap, which lies between the two
    while late - early > 1:
        middle = (early + late) // 2
        is_over = _offset(_instant(middle).astimezone(zone)) > before
        early, late = (early, middle) if is_over else (middle, late)
    return late


def _offset(at: datetime) -> int:
    """Seconds east of UTC."""
    ahead = at.utcoffset() or timedelta()
    return ahead.days * 86_400 + ahead.seconds

"""Brute force over calendars: looks at the wall clock minute after minute, and knows no arithmetic.

A minute is working time when the furthest time that the zone's clock has shown so far lies in a span
of its date. In the hour that the autumn fold repeats the furthest time stands still: what was open
then stays open, what was closed stays closed, nobody opens or closes twice.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from guanxi_tickets.sla.calendar_rules import ALL_DAY, Calendar, Span

MINUTE = timedelta(minutes=1)
# A busy machine is no failure.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
FOLDS_LAST_AT_MOST = timedelta(hours=3)
# Days around which the clocks of these zones change, the last three at or around midnight; and the
# turn of a year, which comes to them at instants of another year in UTC.
CHANGES = {
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1), date(2027, 1, 1)),
    "Asia/Shanghai": (date(2027, 1, 1), date(1991, 9, 15)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "America/Havana": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/St_Johns": (date(2005, 4, 3), date(2005, 10, 30)),
    "Pacific/Apia": (date(2011, 12, 30), date(2011, 9, 24)),
}


def minutes(
    calendar: Calendar, start: datetime, end: datetime, step: timedelta = MINUTE
) -> Iterator[tuple[datetime, bool]]:
    """Each step from start to end, and whether it is working time."""
    zone = ZoneInfo(calendar.time_zone)
    at = start - FOLDS_LAST_AT_MOST
    furthest = _shown(at, zone)
    while at < end:
        furthest = max(furthest, _shown(at, zone))
        if at >= start:
            yield at, _is_open(calendar, furthest)
        at += step


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def _is_open(calendar: Calendar, shown: datetime) -> bool:
    minute = shown.hour * 60 + shown.minute
    return any(opens <= minute < closes for opens, closes in hours_on(calendar, shown.date()))


def hours_on(calendar: Calendar, day: date) -> tuple[Span, ...]:
    for on, _, spans in calendar.exceptional_days:
        if on == day:
            return spans
    if any(on == day for on, _ in calendar.holidays):
        return ()
    return calendar.week[day.weekday()]


def _spans(edges: list[int]) -> tuple[Span, ...]:
    edges = sorted(edges)
    return tuple(Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False) if a < b)


# Edges in every minute, and often in the hours in which clocks change.
EDGES = st.integers(0, 1440) | st.integers(0, 8).map(lambda n: n * 30)
DAYS = st.one_of(
    st.just(()),
    st.just((Span(540, 720), Span(780, 1050))),
    st.just(ALL_DAY),
    st.lists(EDGES, max_size=6, unique=True).map(_spans),
)


@st.composite
def calendars(draw: st.DrawFn, zone: str, around: date) -> Calendar:
    week = tuple(draw(st.lists(DAYS, min_size=7, max_size=7)))
    near = st.integers(-4, 9).map(lambda n: around + timedelta(days=n))
    holidays = draw(st.lists(near, max_size=3, unique=True))
    own = draw(st.dictionaries(near, DAYS, max_size=2))
    return Calendar(
        zone, week, tuple((on, f"Holiday {on}") for on in sorted(holidays)),
        tuple((on, f"Own day {on}", spans) for on, spans in sorted(own.items())), "Hours",
    )  # fmt: skip


@st.composite
def places(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar of a zone, and a whole minute in the days before its clock changes."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    around = draw(st.sampled_from(CHANGES[zone]))
    begin = datetime(around.year, around.month, around.day, tzinfo=UTC) - timedelta(days=2)
    start = begin + draw(st.integers(0, 3 * 1440)) * MINUTE
    return draw(calendars(zone, around)), start

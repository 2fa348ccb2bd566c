"""Well-known days of business calendars, worked out by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest

from guanxi_tickets.sla.calendar_rules import (
    ALWAYS,
    Calendar,
    Span,
    add_working,
    worked_between,
    worked_seconds,
)

HOUR = 3600
OFFICE = (Span(540, 720), Span(780, 1020))  # 09:00-12:00, 13:00-17:00
CHRISTMAS = ((date(2026, 12, 25), "Christmas"), (date(2026, 12, 26), "Boxing Day"))
EVE = ((date(2026, 12, 24), "Christmas Eve", (Span(540, 720),)),)
BERLIN = Calendar("Europe/Berlin", (OFFICE,) * 5 + ((), ()), CHRISTMAS, EVE, "Berlin")
NIGHTS = Calendar("Europe/Berlin", ((Span(0, 360), Span(1320, 1440)),) * 7)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "seconds", "due"),
    [
        ("2026-11-26T10:00+01:00", HOUR, "2026-11-26T11:00+01:00"),
        ("2026-11-26T11:30+01:00", HOUR, "2026-11-26T13:30+01:00"),  # over lunch
        ("2026-11-26T12:30+01:00", HOUR, "2026-11-26T14:00+01:00"),  # begun in it
        ("2026-11-26T16:00+01:00", HOUR, "2026-11-26T17:00+01:00"),  # used up at closing
        ("2026-11-26T16:00+01:00", HOUR + 1, "2026-11-27T09:00:01+01:00"),
        ("2026-11-27T16:30+01:00", HOUR, "2026-11-30T09:30+01:00"),  # over the weekend
        ("2026-11-28T12:00+01:00", HOUR, "2026-11-30T10:00+01:00"),  # begun in it
        ("2026-12-23T16:00+01:00", 4 * HOUR, "2026-12-24T12:00+01:00"),  # the short day
        ("2026-12-24T11:00+01:00", 2 * HOUR, "2026-12-28T10:00+01:00"),  # Friday is a holiday
        ("2026-11-26T18:00+01:00", 0, "2026-11-26T18:00+01:00"),
        ("2026-11-26T16:00+01:00", 35 * HOUR, "2026-12-03T16:00+01:00"),
        ("2026-11-26T10:00:00.9+01:00", 1, "2026-11-26T10:00:01+01:00"),  # cut to the second
    ],
)
def test_due_instants(start: str, seconds: int, due: str) -> None:
    assert add_working(BERLIN, at(start), seconds) == at(due)
    assert worked_seconds(BERLIN, at(start), at(due)) == seconds


@pytest.mark.parametrize(
    ("calendar", "start", "end", "hours"),
    [
        (ALWAYS, "2026-03-28T12:00+01:00", "2026-03-29T12:00+02:00", 23),
        (NIGHTS, "2026-03-28T12:00+01:00", "2026-03-29T12:00+02:00", 7),  # the night of spring
        (NIGHTS, "2026-10-24T12:00+02:00", "2026-10-25T12:00+01:00", 9),  # and of autumn
        (NIGHTS, "2026-10-26T12:00+01:00", "2026-10-27T12:00+01:00", 8),
        (Calendar("Europe/Berlin", ((Span(120, 180),),) * 7),  # an hour that is left out
         "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 0),
        (Calendar("Europe/Berlin", ((Span(150, 180),),) * 7),  # opens at the first 02:30
         "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", 1.5),
        (Calendar("Europe/Berlin", ((Span(60, 150),),) * 7),  # closes at the first 02:30
         "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", 1.5),
        (Calendar("Australia/Lord_Howe", ((Span(0, 1440),),) * 7),
         "2026-10-04T00:00+10:30", "2026-10-05T00:00+11:00", 23.5),
        (Calendar("Australia/Lord_Howe", ((Span(0, 1440),),) * 7),
         "2026-04-05T00:00+11:00", "2026-04-06T00:00+10:30", 24.5),
        (Calendar("Pacific/Apia", ((Span(540, 1020),),) * 7),  # a date that never was
         "2011-12-29T00:00-10:00", "2012-01-01T00:00+14:00", 16),
        (Calendar("America/New_York", ((Span(1200, 1440),),) * 7),  # in UTC it is the new year
         "2026-12-31T21:00-05:00", "2026-12-31T23:00-05:00", 2),
        (Calendar("Pacific/Kiritimati", ((Span(0, 240),),) * 7),  # in UTC it is the old one
         "2027-01-01T01:00+14:00", "2027-01-01T03:00+14:00", 2),
        (BERLIN, "2026-01-01T00:00+01:00", "2025-01-01T00:00+01:00", 0),  # backwards
    ],
)  # fmt: skip
def test_hours_of_days_on_which_clocks_change(
    calendar: Calendar, start: str, end: str, hours: float
) -> None:
    assert worked_seconds(calendar, at(start), at(end)) == hours * HOUR


def test_each_gap_says_why() -> None:
    stretches = worked_between(BERLIN, at("2026-12-23T16:00+01:00"), at("2026-12-28T09:30+01:00"))
    told = [(s.to_at.astimezone(UTC).isoformat()[5:16], *s.reason) for s in stretches]
    assert told == [
        ("12-23T16:00", "in_hours", ""),
        ("12-23T23:00", "outside_hours", ""),
        ("12-24T08:00", "exceptional_day", "Christmas Eve"),
        ("12-24T11:00", "in_hours", ""),
        ("12-24T23:00", "exceptional_day", "Christmas Eve"),
        ("12-25T23:00", "holiday", "Christmas"),
        ("12-28T08:00", "outside_hours", ""),  # Boxing Day is a Saturday and takes nothing away
        ("12-28T08:30", "in_hours", ""),
    ]
    assert [s.counted for s in stretches] == [word == "in_hours" for _, word, _ in told]


def test_an_exceptional_day_goes_before_a_holiday() -> None:
    sale = Calendar("Europe/Berlin", ((),) * 7, CHRISTMAS, ((CHRISTMAS[0][0], "Sale", OFFICE),))
    assert worked_seconds(sale, at("2026-12-01T00:00Z"), at("2027-01-01T00:00Z")) == 7 * HOUR


def test_a_calendar_without_hours_is_never_due() -> None:
    empty = Calendar("Asia/Shanghai", ((),) * 7)
    start = at("2026-11-26T10:00Z")
    assert add_working(empty, start, 1) is None
    assert add_working(empty, start, 0) == start
    assert worked_seconds(empty, start, start + timedelta(days=999)) == 0
    [gap] = worked_between(empty, start, start + timedelta(days=999))
    assert gap.reason.word == "no_hours"


def test_hours_on_exceptional_days_alone_come_to_an_end() -> None:
    once = Calendar("Asia/Shanghai", ((),) * 7, (), ((date(2028, 2, 29), "Leap", OFFICE),))
    assert add_working(once, at("2026-11-26T10:00Z"), 7 * HOUR) == at("2028-02-29T17:00+08:00")
    assert add_working(once, at("2026-11-26T10:00Z"), 7 * HOUR + 1) is None
    assert add_working(once, at("2028-03-01T00:00Z"), 1) is None


def test_hours_too_rare_to_be_waited_for_are_none() -> None:
    minute = Calendar("UTC", ((Span(0, 1),), (), (), (), (), (), ()))
    start = at("2026-11-26T10:00Z")
    assert add_working(minute, start, 60 * 52 * 90) is not None
    assert add_working(minute, start, 60 * 53 * 101) is None


def test_years_cost_a_search_each() -> None:
    """A thousand questions over two decades; minute by minute it would be ten billion steps."""
    start = at("2026-11-26T10:00Z")
    due = add_working(BERLIN, start, 20 * 1700 * HOUR)
    assert due is not None
    for n in range(1000):
        worked_seconds(BERLIN, start + timedelta(minutes=n), due)


def test_an_instant_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        add_working(BERLIN, datetime(2026, 11, 26), 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="backwards"):
        add_working(BERLIN, at("2026-11-26T10:00Z"), -1)

"""Working time against a minute-by-minute walk, over every kind of clock change."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_tickets.sla.calendar_rules import (
    Calendar,
    Span,
    add_working,
    worked_between,
    worked_seconds,
)
from tests.tickets.sla.minutes import MINUTE, PATIENT, calendars, minutes, places

LENGTHS = st.integers(0, 6 * 1440).map(lambda n: n * MINUTE)


@PATIENT
@given(places(), LENGTHS)
def test_working_time_is_what_a_walk_through_the_minutes_finds(
    place: tuple[Calendar, datetime], length: timedelta
) -> None:
    calendar, start = place
    walked = sum(is_open for _, is_open in minutes(calendar, start, start + length))
    assert worked_seconds(calendar, start, start + length) == walked * 60


@PATIENT
@given(places(), LENGTHS)
def test_every_minute_lies_in_one_stretch_that_says_the_same(
    place: tuple[Calendar, datetime], length: timedelta
) -> None:
    calendar, start = place
    stretches = worked_between(calendar, start, start + length)
    told = {
        stretch.from_at + n * MINUTE: stretch.counted
        for stretch in stretches
        for n in range(stretch.seconds // 60)
    }
    assert told == dict(minutes(calendar, start, start + length))


@PATIENT
@given(places(), st.integers(0, 6 * 86_400), st.integers(0, 59))
def test_stretches_leave_no_hole_and_add_up(
    place: tuple[Calendar, datetime], length: int, second: int
) -> None:
    calendar, start = place[0], place[1] + timedelta(seconds=second)
    end = start + timedelta(seconds=length)
    stretches = worked_between(calendar, start, end)
    counted = sum(each.seconds for each in stretches if each.counted)
    assert counted == worked_seconds(calendar, start, end)
    assert sum(each.seconds for each in stretches) == length
    assert all(a.to_at == b.from_at and a.reason != b.reason for a, b in pairwise(stretches))
    if stretches:
        assert (stretches[0].from_at, stretches[-1].to_at) == (start, end)
    assert all(each.seconds > 0 for each in stretches)


@PATIENT
@given(places(), st.integers(1, 40 * 3600), st.integers(0, 59))
def test_adding_is_the_inverse_of_working(
    place: tuple[Calendar, datetime], seconds: int, second: int
) -> None:
    calendar, start = place[0], place[1] + timedelta(seconds=second)
    due = add_working(calendar, start, seconds)
    if due is None:
        assert not any(calendar.week)
        assert worked_seconds(calendar, start, start + timedelta(days=30)) < seconds
        return
    assert worked_seconds(calendar, start, due) == seconds
    assert worked_seconds(calendar, start, due - timedelta(seconds=1)) == seconds - 1


@PATIENT
@given(places(), LENGTHS)
def test_adding_what_was_worked_comes_back_or_to_the_last_closing_before(
    place: tuple[Calendar, datetime], length: timedelta
) -> None:
    calendar, start = place
    end = start + length
    back = add_working(calendar, start, worked_seconds(calendar, start, end))
    assert back is not None
    assert back <= end
    assert worked_seconds(calendar, back, end) == 0


@PATIENT
@given(places(), st.integers(0, 9_000), st.integers(0, 9_000))
def test_working_time_adds_up_over_any_cut(
    place: tuple[Calendar, datetime], first: int, second: int
) -> None:
    calendar, start = place
    middle = start + timedelta(minutes=first)
    end = middle + timedelta(minutes=second)
    parts = worked_seconds(calendar, start, middle) + worked_seconds(calendar, middle, end)
    assert parts == worked_seconds(calendar, start, end)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe"])
def test_years_are_walked_through_as_exactly(zone: str) -> None:
    calendar = Calendar(zone, ((Span(60, 210), Span(780, 1050)),) * 7)
    start = datetime(2025, 12, 20, 3, tzinfo=UTC)
    end = datetime(2027, 1, 10, 5, 30, tzinfo=UTC)
    walked = sum(is_open for _, is_open in minutes(calendar, start, end))
    assert worked_seconds(calendar, start, end) == walked * 60
    assert worked_between(calendar, start, end)[0].from_at == start


@PATIENT
@given(st.data())
def test_what_is_equal_finds_the_same_layout_and_what_differs_does_not(data: st.DataObject) -> None:
    around = datetime(2026, 3, 29, tzinfo=UTC)
    plain = data.draw(calendars("Europe/Berlin", around.date()))
    closed = Calendar(plain.time_zone, plain.week, exceptional_days=tuple(
        ((around + timedelta(days=n)).date(), "", ()) for n in range(20)
    ))  # fmt: skip
    assert hash(plain) == hash(closed)
    assert worked_seconds(closed, around, around + timedelta(days=19)) == 0

"""Repetition against dateutil and against a count of hours by hand."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from guanxi_contacts.activities import recurrence_rules as recurring
from guanxi_contacts.activities.recurrence_rules import Series
from guanxi_contacts.activities.rrule_rules import FREQUENCIES, days_of, rule_from
from guanxi_contacts.errors import ActivityRefused

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "UTC")
zones = st.sampled_from(ZONES).map(ZoneInfo)
minutes = st.integers(0, 60 * 24 * 400)
starts = minutes.map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n))
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@st.composite
def rule_texts(draw: st.DrawFn) -> str:
    """Rules of every part, weekdays numbered where that is allowed."""
    frequency = draw(st.sampled_from(FREQUENCIES))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 4))}"]
    # All numbered or none: of a mixture dateutil takes what fits both, RFC 5545 what fits either.
    is_numbered = frequency in ("MONTHLY", "YEARLY") and draw(st.booleans())
    numbers = ("1", "-1", "2", "5") if is_numbered else ("",)
    weekdays = st.tuples(st.sampled_from(numbers), st.sampled_from(DAYS)).map("".join)
    choices = {
        "BYDAY": weekdays,
        "BYMONTH": st.integers(1, 12),
        "BYMONTHDAY": st.sampled_from((1, 13, 29, 31, -1, -2)),
        "BYYEARDAY": st.sampled_from((1, 60, 100, 366, -1, -366)),
    }
    if frequency != "YEARLY":
        del choices["BYYEARDAY"]
    for name in draw(st.lists(st.sampled_from(sorted(choices)), max_size=2, unique=True)):
        some = draw(st.lists(choices[name], min_size=1, max_size=3, unique=True))
        parts.append(f"{name}={','.join(map(str, some))}")
    if len(parts) > 2 and draw(st.booleans()):
        parts.append(f"BYSETPOS={draw(st.sampled_from(('1', '-1', '2', '1,-1')))}")
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(DAYS))}")
    return ";".join(parts)


@settings(deadline=None, max_examples=60)
@example("FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TH;BYSETPOS=1", datetime(2026, 1, 1, tzinfo=UTC))
@given(rule_texts(), starts)
def test_the_days_of_a_rule_are_those_of_dateutil(text: str, start: datetime) -> None:
    first, last = start.date(), start.date() + timedelta(days=3 * 366)
    rule = rule_from(dict(part.split("=") for part in text.split(";")))
    # dateutil looks on beyond its UNTIL for a first hit: where there is none for long, until 9999.
    beyond = days_of(rule, first, last + timedelta(days=40 * 366))
    assume(any(day > last for day in beyond))
    shown = datetime.combine(_whole_week(text, first), datetime.min.time())
    by_dateutil = rrulestr(f"{text};UNTIL={last:%Y%m%d}T000000", dtstart=shown)
    expected = [each.date() for each in by_dateutil if each.date() >= first]
    assert list(days_of(rule, first, last)) == expected


def _whole_week(text: str, first: date) -> date:
    """BYSETPOS counts in the whole week (RFC 5545, 3.3.10); dateutil counts the first one from its
    start on, and right if that is the week's first day."""
    parts = dict(part.split("=") for part in text.split(";"))
    names_days = (
        "BYDAY" in parts or "BYMONTHDAY" in parts
    )  # otherwise the start's weekday is the only one
    if parts["FREQ"] != "WEEKLY" or "BYSETPOS" not in parts or not names_days:
        return first
    return first - timedelta(days=(first.weekday() - DAYS.index(parts.get("WKST", "MO"))) % 7)


@settings(deadline=None, max_examples=60)
@given(rule_texts(), starts, zones, st.integers(1, 400))
def test_occurrences_are_a_rule_s_days_by_the_clock_on_the_wall(
    text: str, start: datetime, zone: ZoneInfo, days: int
) -> None:
    shown = recurring.wall(start, zone)
    assume(recurring.moment_of(shown, zone) == start)  # not the second of an hour that comes twice
    last = start + timedelta(days=days)
    found = recurring.occurrences(Series(text, start, zone), start, last, most=1_000)
    rule = rule_from(dict(part.split("=") for part in text.split(";")))
    hit = days_of(rule, shown.date(), shown.date() + timedelta(days=days + 1))
    moments = {
        datetime.combine(day, shown.time()).replace(tzinfo=zone).astimezone(UTC) for day in hit
    }
    assert found == sorted({start, *(m for m in moments if start <= m < last)})


@given(starts, zones, st.integers(1, 30))
def test_the_time_of_day_stays_but_for_hours_that_do_not_exist(
    start: datetime, zone: ZoneInfo, count: int
) -> None:
    series = Series(f"FREQ=DAILY;COUNT={count}", start, zone)
    found = recurring.occurrences(series, start, start + timedelta(days=60), most=100)
    assert len(found) == count
    clock = recurring.wall(start, zone).time()
    for moment in found:
        shown = recurring.wall(moment, zone)
        exists = recurring.wall(recurring.moment_of(shown, zone), zone) == shown
        wanted = datetime.combine(shown.date(), clock)
        is_skipped = recurring.wall(recurring.moment_of(wanted, zone), zone) != wanted
        assert exists
        assert shown.time() == clock or is_skipped


@pytest.mark.parametrize(
    ("zone", "start", "wanted"),
    [
        # 09:00 in Berlin: 08:00 UTC in winter, 07:00 in summer (from 29 March 2026).
        ("Europe/Berlin", "2026-03-23T08:00", ["2026-03-23T08:00", "2026-03-30T07:00", "2026-04-06T07:00"]),
        # 02:30 does not exist on 29 March: the offset before the gap, so 03:30 on the wall.
        ("Europe/Berlin", "2026-03-22T01:30", ["2026-03-22T01:30", "2026-03-29T01:30", "2026-04-05T00:30"]),
        # 02:30 comes twice on 25 October: the first of them.
        ("Europe/Berlin", "2026-10-18T00:30", ["2026-10-18T00:30", "2026-10-25T00:30", "2026-11-01T01:30"]),
        ("America/New_York", "2026-03-01T14:00", ["2026-03-01T14:00", "2026-03-08T13:00", "2026-03-15T13:00"]),
    ],
)  # fmt: skip
def test_a_weekly_time_over_changes_of_the_clocks(zone: str, start: str, wanted: list[str]) -> None:
    first = datetime.fromisoformat(start).replace(tzinfo=UTC)
    series = Series("FREQ=WEEKLY;COUNT=3", first, ZoneInfo(zone))
    found = recurring.occurrences(series, first, first + timedelta(days=90), most=10)
    assert [f"{each:%Y-%m-%dT%H:%M}" for each in found] == wanted


START = datetime(2026, 1, 5, 8, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@settings(deadline=None, max_examples=60)
@given(rule_texts(), starts, st.integers(-30, 3000))
def test_the_later_days_of_a_rule_are_found_without_the_earlier(
    text: str, start: datetime, days: int
) -> None:
    rule, first = rule_from(dict(part.split("=") for part in text.split(";"))), start.date()
    since = first + timedelta(days=days)
    until = since + timedelta(days=400)
    whole = [day for day in days_of(rule, first, until) if day >= since]
    assert list(days_of(rule, first, until, since=since)) == whole


def test_the_first_of_an_hour_that_comes_twice_is_found_by_who_asks_in_the_second() -> None:
    quarter_to = datetime(2026, 10, 20, 0, 45, tzinfo=UTC)
    series = Series("FREQ=DAILY", quarter_to, BERLIN)
    twice = datetime(2026, 10, 25, tzinfo=UTC)  # three o'clock is two o'clock again, at one in UTC
    found = recurring.occurrences(series, twice, twice + timedelta(minutes=90), most=5)
    assert found == [quarter_to + timedelta(days=5)]


def test_until_is_a_moment_in_utc_or_a_whole_day() -> None:
    for until, count in (("20260107", 3), ("20260107T080000Z", 3), ("20260107T075959Z", 2)):
        series = Series(f"FREQ=DAILY;UNTIL={until}", START, BERLIN)
        assert recurring.end_of(series) == START + timedelta(days=count - 1), until


def test_days_that_are_left_out_and_the_next_one() -> None:
    gone = START + timedelta(days=1)
    series = Series("FREQ=DAILY;COUNT=3", START, BERLIN, without=frozenset({gone}))
    assert recurring.next_after(series, START) == START + timedelta(days=2)
    assert recurring.next_after(series, START + timedelta(days=2)) is None
    assert not recurring.is_occurrence(series, gone)
    assert not recurring.is_occurrence(series, START + timedelta(hours=1))


def test_a_rule_that_hits_nothing_and_one_without_end_are_bounded() -> None:
    never = Series("FREQ=DAILY;COUNT=5;BYMONTH=2;BYMONTHDAY=30", START, BERLIN)
    assert recurring.end_of(never) == START
    assert recurring.next_after(never, START) is None
    endless = Series("FREQ=DAILY", START, BERLIN)
    assert recurring.end_of(endless) is None
    assert len(recurring.occurrences(endless, START, START + timedelta(days=9e3), most=50)) == 50


@pytest.mark.parametrize(
    "text",
    ["", "FREQ", "FREQ=WEEKLY;FREQ=DAILY", "FREQ=SECONDLY", "COUNT=3", "FREQ=DAILY;COUNT=0",
     "FREQ=DAILY;COUNT=1e9", "FREQ=DAILY;BYEASTER=0", "FREQ=WEEKLY;BYDAY=MO,,TU",
     "FREQ=MONTHLY;BYMONTHDAY=x", "FREQ=YEARLY;BYSETPOS=0", "FREQ=DAILY;UNTIL=20261301",
     "FREQ=DAILY;UNTIL=tomorrow",
     "FREQ=DAILY;UNTIL=2027W011", "FREQ=DAILY;UNTIL=2027121T90000", "FREQ=DAILY;INTERVAL=²", "FREQ=DAILY\nEXDATE:20260101"],
)  # fmt: skip
def test_what_is_no_rule_is_refused_by_name(text: str) -> None:
    with pytest.raises(ActivityRefused) as refused:
        recurring.checked_rule(text, START, BERLIN)
    assert list(refused.value.errors) == ["recurrence"]


@given(st.text(alphabet="FREQDAILYWKBYONTHUSP=;,0123456789-+MOZ", max_size=40))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        rule = recurring.checked_rule(
            f"FREQ=WEEKLY;{text}" if text else "FREQ=DAILY", START, BERLIN
        )
    except ActivityRefused:
        return
    recurring.occurrences(Series(rule, START, BERLIN), START, START + timedelta(days=400), most=9)
    recurring.end_of(Series(rule, START, BERLIN))


def test_an_end_beyond_all_time_zones_is_refused() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    with pytest.raises(ActivityRefused):
        recurring.checked_rule("FREQ=WEEKLY;UNTIL=99991231T235959Z", START, shanghai)

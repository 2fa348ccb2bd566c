"""Periods of the calendar: how they are named, where they begin, and how much of them has begun."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_pipeline.forecasts.figure_rules import pace, ratio
from guanxi_pipeline.forecasts.period_rules import (
    MONTHS,
    Period,
    demand_start,
    finished_before,
    parse_period,
    period_of,
)
from guanxi_shared.errors import Invalid

TODAY = date(2026, 11, 28)
DAYS = st.dates(date(1950, 1, 1), date(2100, 1, 1))
KINDS = st.sampled_from(sorted(MONTHS))


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2026-Q4", "2026-10-01", "2027-01-01"), ("2026-11", "2026-11-01", "2026-12-01"),
        ("2026", "2026-01-01", "2027-01-01"), ("this_quarter", "2026-10-01", "2027-01-01"),
        ("last_month", "2026-10-01", "2026-11-01"), ("next_year", "2027-01-01", "2028-01-01"),
        ("next_quarter", "2027-01-01", "2027-04-01"),
    ],
)  # fmt: skip
def test_periods_are_named(text: str, first: str, after: str) -> None:
    found = parse_period(text, TODAY)
    assert (found.starts_on.isoformat(), found.ends_on.isoformat()) == (first, after)


@pytest.mark.parametrize(
    "text", ["", "2026-Q0", "2026-00", "26-Q1", "0001", "9999-Q4", "this_week", "2026-Q4\n"]
)
def test_what_names_no_period_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_period(text, TODAY)
    assert list(refused.value.errors) == ["period"]


@settings(deadline=None)
@given(KINDS, DAYS)
def test_a_period_holds_its_days_and_is_read_by_its_name(kind: str, day: date) -> None:
    found = period_of(kind, day)
    assert found.starts_on <= day < found.ends_on
    assert parse_period(found.name, TODAY) == found
    assert found.moved(3).moved(-3) == found
    assert found.moved(1).starts_on == found.ends_on
    parts = found.parts("month")
    assert (parts[0].starts_on, parts[-1].ends_on) == (found.starts_on, found.ends_on)
    demand_start(kind, found.starts_on)


@settings(deadline=None)
@given(KINDS, DAYS)
def test_the_day_of_a_share_is_the_day_that_it_came_from(kind: str, day: date) -> None:
    found = period_of(kind, day)
    begun = found.elapsed_days(day)
    assert begun == (day - found.starts_on).days + 1
    assert found.day_at(Decimal(begun) / found.days) == day
    assert found.elapsed_days(found.starts_on - timedelta(days=1)) == 0
    assert found.elapsed_days(found.ends_on) == found.days


@settings(deadline=None)
@given(KINDS, DAYS, DAYS)
def test_finished_periods_are_over_and_follow_each_other(kind: str, day: date, today: date) -> None:
    found = list(islice(finished_before(period_of(kind, day), today, 12), 12))
    assert all(period.ends_on <= min(today, day) for period in found)
    assert all(a.starts_on == b.ends_on for a, b in pairwise(found))


def test_pace_is_one_when_the_quota_is_won_day_by_day() -> None:
    assert pace(Decimal(50), Decimal(100), 46, 92) == 1
    assert pace(Decimal(100), Decimal(100), 46, 92) == 2
    assert pace(Decimal(0), Decimal(100), 0, 92) is None
    assert pace(Decimal(5), None, 1, 92) is None
    assert (ratio(Decimal(1), Decimal(3)), ratio(None, Decimal(3)), ratio(Decimal(3), Decimal(0))) == (
        0.3333, None, None,
    )  # fmt: skip
    assert Period(date(2026, 10, 1), "quarter").days == 92

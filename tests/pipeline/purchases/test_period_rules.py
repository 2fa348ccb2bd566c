"""Periods without holes, and changes that have something to be compared with."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_pipeline.errors import RateMissing
from guanxi_pipeline.purchases.period_rules import (
    MOST_PERIODS,
    NONE,
    PERIODS,
    Figures,
    end_of,
    in_one_currency,
    label_of,
    percent,
    periods_between,
    rate_day,
    rows_of,
    start_of,
    step,
    totals_of,
    year_before,
)
from guanxi_pipeline.rates.rules import Rate, Rates
from guanxi_shared.errors import Invalid

DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
TODAY = date(2026, 11, 28)


def bought(amount: int, *, quantity: int = 1, is_costed: bool = True) -> Figures:
    return Figures(Decimal(quantity), 1, Decimal(amount), Decimal(0), Decimal(0), is_costed)


@given(DAYS, st.sampled_from(PERIODS))
def test_a_day_lies_in_one_period_and_periods_follow_without_a_gap(day: date, by: str) -> None:
    start = start_of(day, by)
    assert start <= day <= end_of(start, by)
    assert start_of(start, by) == start_of(end_of(start, by), by) == start
    assert step(start, by) == end_of(start, by) + timedelta(days=1)
    assert step(step(start, by), by, -1) == start


@given(DAYS, st.integers(0, 700), st.sampled_from(PERIODS))
def test_all_periods_between_are_there(first: date, more: int, by: str) -> None:
    last = first + timedelta(days=more)
    found = periods_between(first, last, by)
    assert (found[0], found[-1]) == (start_of(first, by), start_of(last, by))
    assert all(step(a, by) == b for a, b in pairwise(found))


def test_too_many_periods_are_refused() -> None:
    assert len(periods_between(date(2000, 1, 1), date(2005, 6, 22), "day")) == MOST_PERIODS
    with pytest.raises(Invalid):
        periods_between(date(2000, 1, 1), date(2005, 6, 23), "day")


@pytest.mark.parametrize(
    ("by", "start", "label", "last_year"),
    [
        ("day", date(2024, 2, 29), "2024-02-29", None),
        ("day", date(2024, 2, 28), "2024-02-28", date(2023, 2, 28)),
        ("month", date(2026, 11, 1), "2026-11", date(2025, 11, 1)),
        ("quarter", date(2026, 10, 1), "2026-Q4", date(2025, 10, 1)),
        ("quarter", date(2026, 1, 1), "2026-Q1", date(2025, 1, 1)),
        ("year", date(2026, 1, 1), "2026", date(2025, 1, 1)),
    ],
)
def test_periods_have_names_and_a_year_before(
    by: str, start: date, label: str, last_year: date | None
) -> None:
    assert label_of(start, by) == label
    assert year_before(start, by) == last_year


def test_what_is_between_is_zero_and_what_is_before_the_first_is_nothing() -> None:
    jan, mar = date(2026, 1, 1), date(2026, 3, 1)
    series = {(jan, "CNY"): bought(200), (mar, "CNY"): bought(50)}
    periods = periods_between(jan, date(2026, 3, 31), "month")
    rows = rows_of(series, "CNY", periods, by="month", today=TODAY, first=jan)
    assert [row["amount"]["amount"] for row in rows] == ["200.00", "0.00", "50.00"]
    assert [row["change"] and row["change"]["amount"]["amount"] for row in rows] == [
        None, "-200.00", "50.00",
    ]  # fmt: skip
    assert [row["change"] and row["change"]["amount_percent"] for row in rows] == [None, -100, None]
    assert [row["change_on_year"] for row in rows] == [None] * 3
    assert [total["amount"]["amount"] for total in totals_of(series, periods, ["CNY"])] == [
        "250.00"
    ]


@pytest.mark.parametrize(
    ("this", "that", "found"),
    [(150, 100, 50.0), (100, 150, -33.33), (1, 3, -66.67), (5, 0, None), (5, -5, None), (-50, 100, -150.0)],
)  # fmt: skip
def test_a_percentage_is_of_something(this: int, that: int, found: float | None) -> None:
    assert percent(Decimal(this), Decimal(that)) == found


def test_a_period_converts_at_its_last_day_or_today_while_it_runs() -> None:
    assert rate_day(date(2026, 10, 1), "month", TODAY) == date(2026, 10, 31)
    assert rate_day(date(2026, 11, 1), "month", TODAY) == TODAY
    assert rate_day(date(2027, 1, 1), "month", TODAY) == date(2027, 1, 1)


def test_currencies_of_a_period_become_one_and_a_missing_rate_is_named() -> None:
    jan = date(2026, 1, 1)
    day = date(2026, 1, 31)
    series = {(jan, "CNY"): bought(100), (jan, "USD"): bought(10, is_costed=False)}
    rates = {day: Rates("CNY", day, {"USD": Rate("USD", Decimal(7), day)})}
    found = in_one_currency(series, "CNY", rates, "month", TODAY)
    assert found[jan, "CNY"].amount == 170
    assert (found[jan, "CNY"].orders, found[jan, "CNY"].is_costed) == (2, False)
    with pytest.raises(RateMissing):
        in_one_currency(series, "CNY", {day: Rates("CNY", day, {})}, "month", TODAY)
    assert NONE.shown("CNY")["margin"] == {"amount": "0.00", "currency": "CNY"}

"""Texts of cells as values."""

import contextlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_shared.tables.cell_text import cell_text
from guanxi_shared.tables.values import (
    CellProblem,
    parse_bool,
    parse_day,
    parse_decimal,
    parse_time_instant,
    split_list,
)


@pytest.mark.parametrize(
    ("text", "number", "currency"),
    [
        ("1234.50", "1234.50", None),
        (" 1,234,567.5 ", "1234567.5", None),
        ("1,234", "1234", None),
        ("1.234", "1.234", None),
        ("12,5", "12.5", None),
        ("1.234.567,89", "1234567.89", None),
        ("1.234.567", "1234567", None),
        ("1 234 567,89", "1234567.89", None),
        ("1\u00a0234\u202f567", "1234567", None),
        ("1'234.50", "1234.50", None),
        ("12,34,567.00", "1234567.00", None),
        (".5", "0.5", None),
        ("-5", "-5", None),
        ("−5", "-5", None),
        ("+5", "5", None),
        ("(1,234)", "-1234", None),
        ("(¥5)", "-5", "CNY"),
        ("1E+05", "1E+5", None),
        ("￥１，２３４．５０", "1234.50", "CNY"),
        ("¥-5", "-5", "CNY"),
        ("-$5.00", "-5.00", "USD"),
        ("US$5", "5", "USD"),
        ("5 €", "5", "EUR"),
        ("cny 5", "5", "CNY"),
        ("5CNY", "5", "CNY"),
        ("$ 5 USD", "5", "USD"),
        ("3.5万元", "35000.0", "CNY"),
        ("1.2亿", "120000000.0", None),
        ("人民币100", "100", "CNY"),
    ],
)
def test_numbers_are_read_as_people_write_them(
    text: str, number: str, currency: str | None
) -> None:
    assert parse_decimal(text, "Revenue") == (Decimal(number), currency)


@pytest.mark.parametrize(
    ("text", "decimal_comma", "number"),
    [
        ("1,234", True, "1.234"),
        ("1.234", True, "1234"),
        ("1.234", False, "1.234"),
        ("1,234", False, "1234"),
        ("1.234,5", True, "1234.5"),
    ],
)
def test_the_decimal_sign_can_be_stated(text: str, decimal_comma: bool, number: str) -> None:
    assert parse_decimal(text, "x", decimal_comma=decimal_comma)[0] == Decimal(number)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "is not a number"),
        ("abc", "is not a number; write it like 1234.50"),
        ("5 quid", "'quid' is no currency that is known"),
        ("5%", "'%' is no currency"),
        ("NaN", "is not a number"),
        ("1e999", "is not a number"),
        ("1e99", "is not a number"),
        ("1" * 29, "is not a number"),
        ("1,2345", "more than one way"),
        ("0,123", "more than one way"),
        ("1,23,45", "more than one way"),
        ("1.2.3", "more than one way"),
        ("$5 EUR", "two currencies"),
        ("$-5 €", "two currencies"),
        ("5-", "is not a number"),
        ("1 2", "more than one way"),
    ],
)
def test_what_is_no_number_says_so(text: str, advice: str) -> None:
    with pytest.raises(CellProblem) as problem:
        parse_decimal(text, "Revenue")
    assert problem.value.detail.startswith(f"Revenue: {text!r}")
    assert advice in problem.value.detail


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12
    )
)
def test_a_written_number_is_read_again(number: Decimal) -> None:
    assert parse_decimal(cell_text(number), "x", decimal_comma=False) == (number, None)
    assert parse_decimal(f"{number:,f}", "x", decimal_comma=False) == (number, None)


MARCH = date(2024, 3, 5)


@pytest.mark.parametrize(
    ("text", "day_first", "day"),
    [
        ("2024-03-05", None, MARCH),
        ("2024/3/5", None, MARCH),
        ("2024.3.5", None, MARCH),
        ("20240305", None, MARCH),
        ("2024年3月5日", None, MARCH),
        ("２０２４年 3 月 5 号", None, MARCH),
        ("2024-03-05T23:59:00Z", None, MARCH),
        ("2024-03-05 10:20", None, MARCH),
        ("5/3/2024", True, MARCH),
        ("3/5/2024", False, MARCH),
        ("05.03.2024", True, MARCH),
        ("25/3/2024", None, date(2024, 3, 25)),
        ("3/25/2024", None, date(2024, 3, 25)),
        ("5/5/2024", None, date(2024, 5, 5)),
        ("5 March 2024", None, MARCH),
        ("05-Mar-2024", None, MARCH),
        ("Mar 5, 2024", None, MARCH),
        ("March 5th, 2024", None, MARCH),
        ("45356", None, MARCH),
        ("45356.75", None, MARCH),
    ],
)
def test_days_are_read_as_people_write_them(text: str, day_first: bool | None, day: date) -> None:
    assert parse_day(text, "Founded", day_first=day_first) == day


@pytest.mark.parametrize(
    ("text", "day_first", "advice"),
    [
        ("", None, "is not a day"),
        ("soon", None, "is not a day"),
        ("5/3/24", True, "is not a day"),
        ("5/3/2024", None, "can be two days"),
        ("25/3/2024", False, "no calendar has"),
        ("2024-02-30", None, "no calendar has"),
        ("2024-13-01", None, "no calendar has"),
        ("5 Foo 2024", None, "no calendar has"),
        ("2024-03/05", None, "is not a day"),
    ],
)
def test_what_is_no_day_says_so(text: str, day_first: bool | None, advice: str) -> None:
    with pytest.raises(CellProblem, match=advice):
        parse_day(text, "Founded", day_first=day_first)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-03-05T10:20:30Z", "2024-03-05T10:20:30"),
        ("2024-03-05T10:20:30.123456789+08:00", "2024-03-05T02:20:30.123456"),
        ("2024-03-05 10:20 -0500", "2024-03-05T15:20:00"),
        ("2024-03-05 10:20", "2024-03-05T02:20:00"),
        ("2024-03-05", "2024-03-04T16:00:00"),
        ("2024年3月5日10:20", "2024-03-05T02:20:00"),
        ("2024年3月5日 下午3时20分", "2024-03-05T07:20:00"),
        ("2024/3/5 10:20:30 PM", "2024-03-05T14:20:30"),
        ("25/3/2024 12:00 am", "2024-03-24T16:00:00"),
        ("45356.75", "2024-03-05T10:00:00"),
    ],
)
def test_times_become_utc(text: str, instant: str) -> None:
    expected = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    found = parse_time_instant(text, "Created", zone="Asia/Shanghai")
    assert (found, found.tzinfo) == (expected, UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [("2024-10-27 02:30", "2024-10-27T00:30:00Z"), ("2024-03-31 02:30", "2024-03-31T01:30:00Z")],
)
def test_a_local_time_at_a_clock_change_is_one_instant(text: str, instant: str) -> None:
    assert cell_text(parse_time_instant(text, "x", zone="Europe/Berlin")) == instant


@pytest.mark.parametrize(
    "text", ["", "10:20", "2024-03-05 25:00", "2024-03-05 10:20 +99:00", "2024-03-05 noon",
             "0001-01-01T00:00:00+08:00"]
)  # fmt: skip
def test_what_is_no_time_says_so(text: str) -> None:
    with pytest.raises(CellProblem, match=r"^Created: "):
        parse_time_instant(text, "Created", zone="Asia/Shanghai")


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_a_written_time_is_read_again(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert parse_time_instant(cell_text(aware), "x", zone="Asia/Tokyo") == aware


@pytest.mark.parametrize("text", ["yes", "Y", "TRUE", "1", "是", " 对 ", "ｔｒｕｅ"])
def test_words_for_yes(text: str) -> None:
    assert parse_bool(text, "x") is True


@pytest.mark.parametrize("text", ["no", "N", "False", "0", "否", "无"])
def test_words_for_no(text: str) -> None:
    assert parse_bool(text, "x") is False


def test_a_word_for_neither_says_so() -> None:
    with pytest.raises(CellProblem) as problem:
        parse_bool("maybe", "Active")
    assert problem.value.detail == (
        "Active: 'maybe' is neither yes nor no; write yes or no, 是 or 否, 1 or 0."
    )


def test_lists_are_split_at_any_separator_once_each() -> None:
    assert split_list(" a; b，c、d|a\nb ;; ") == ["a", "b", "c", "d"]
    assert split_list("") == []


@pytest.mark.parametrize(
    "parse",
    [
        lambda text: parse_decimal(text, "x"),
        lambda text: parse_day(text, "x"),
        lambda text: parse_time_instant(text, "x", zone="Asia/Shanghai"),
        lambda text: parse_bool(text, "x"),
    ],
)
@given(text=st.text(max_size=30) | st.text("0123456789.,-/: TZ万¥$()'年月日", max_size=20))
def test_no_text_fails_in_another_way(parse: Callable[[str], Any], text: str) -> None:
    with contextlib.suppress(CellProblem):
        parse(text)

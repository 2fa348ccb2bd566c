"""Intervals: published values, and what must hold of all of them."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_shared.intervals import mean_interval, t_quantile, wilson


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [
        (1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (10, 2.228), (29, 2.045),
        (30, 2.042), (60, 2.000), (120, 1.980), (1000, 1.962),
    ],
)  # fmt: skip
def test_the_points_of_t_are_those_of_the_tables(freedom: int, quantile: float) -> None:
    assert round(t_quantile(freedom), 3) == quantile


@given(st.integers(1, 5_000))
def test_more_degrees_of_freedom_make_a_narrower_interval(freedom: int) -> None:
    assert t_quantile(freedom) > t_quantile(freedom + 1) > 1.9599639


def test_both_ways_to_the_quantile_meet() -> None:
    assert isclose(t_quantile(200), t_quantile(201), rel_tol=1e-4)
    assert isclose(t_quantile(201), 1.971836507, rel_tol=1e-8)


def test_the_interval_of_a_mean_is_that_of_gosset() -> None:
    """Student 1908: ten differences of hours of sleep, mean 1.58, deviation 1.23 (n - 1)."""
    found = mean_interval(1.58, 1.2299593, 10)
    assert found is not None
    assert [round(each, 2) for each in found] == [0.70, 2.46]
    assert mean_interval(1.58, 1.23, 1) is None


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_share_lies_within_its_interval(count: int, more: int) -> None:
    n = count + more
    low, high = wilson(count, n)
    assert 0 <= low <= (count / n if n else low) <= high <= 1
    assert (low, high) != (0, 0)


@given(st.integers(1, 5_000))
def test_all_and_none_are_reached_exactly(n: int) -> None:
    assert wilson(n, n)[1] == 1.0
    assert wilson(0, n)[0] == 0.0


def test_wilson_gives_the_published_example() -> None:
    """Newcombe 1998, Statist. Med. 17: 81 of 263 → 0.2553 .. 0.3662."""
    low, high = wilson(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)

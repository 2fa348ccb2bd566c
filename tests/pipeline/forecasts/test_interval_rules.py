"""Intervals from past error: where they lie, what they promise, and when they are refused."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_pipeline.forecasts.interval_rules import (
    MINIMUM,
    Past,
    accuracy,
    interval,
    most_coverage,
    needed,
    quantile,
)
from guanxi_pipeline.forecasts.period_rules import Period

AMOUNTS = st.decimals("1", "1000000", places=2)
PAIRS = st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=9, max_size=30)
FIRST = Period(date(2020, 1, 1), "quarter")


def past_of(pairs: Any) -> list[Past]:
    return [
        Past(FIRST.moved(i), FIRST.moved(i).starts_on, Decimal(f), Decimal(a))
        for i, (f, a) in enumerate(pairs)
    ]


def found(present: Decimal, pairs: Any, coverage: int = 80) -> dict[str, Any]:
    return interval(present, past_of(pairs), coverage=coverage, currency="CNY", kind="quarter")


def amounts(answer: dict[str, Any]) -> list[Decimal]:
    return [Decimal(answer["interval"][name]["amount"]) for name in ("low", "middle", "high")]


@settings(deadline=None)
@given(PAIRS, AMOUNTS)
def test_it_holds_its_middle_and_lies_among_what_was_seen(pairs: Any, present: Decimal) -> None:
    low, middle, high = amounts(found(present, pairs))
    ratios = [a / f for f, a in pairs]
    assert low <= middle <= high
    cent = Decimal("0.01")
    assert present * min(ratios) - cent <= low <= high <= present * max(ratios) + cent


@settings(deadline=None)
@given(PAIRS, st.integers(50, 78))
def test_more_coverage_is_never_narrower(pairs: Any, coverage: int) -> None:
    narrow, wide = (amounts(found(Decimal(1000), pairs, c)) for c in (coverage, coverage + 1))
    assert wide[0] <= narrow[0]
    assert narrow[2] <= wide[2]


@settings(deadline=None)
@given(PAIRS, AMOUNTS, st.sampled_from([Decimal(2), Decimal("0.5"), Decimal(1000)]))
def test_it_grows_with_the_forecast_and_not_with_the_unit(
    pairs: Any, present: Decimal, by: Decimal
) -> None:
    usual = amounts(found(present, pairs))
    larger = amounts(found(present * by, pairs))
    other_unit = amounts(found(present, [(f * by, a * by) for f, a in pairs]))
    assert all(
        abs(a - by * b) <= (by + 1) * Decimal("0.005") for a, b in zip(larger, usual, strict=True)
    )
    assert all(abs(o - u) <= Decimal("0.01") for o, u in zip(other_unit, usual, strict=True))


@settings(deadline=None)
@given(st.lists(st.integers(1, 10**6), min_size=10, max_size=10, unique=True))
def test_eighty_percent_of_ten_exchangeable_periods_lie_in_the_others_interval(
    values: list[int],
) -> None:
    """Each of ten left out in turn: eight lie strictly inside what the other nine give."""
    inside = 0
    for i, left_out in enumerate(values):
        others = [Decimal(v) for v in values[:i] + values[i + 1 :]]
        inside += quantile(others, Decimal("0.1")) < left_out < quantile(others, Decimal("0.9"))
    assert inside == 8


@pytest.mark.parametrize(
    ("coverage", "n"), [(50, 4), (60, 4), (61, 5), (80, 9), (90, 19), (95, 39)]
)
def test_how_many_periods_a_coverage_takes(coverage: int, n: int) -> None:
    assert needed(Decimal(coverage) / 100) == n
    pairs = [(10, 9 + i % 3) for i in range(n)]
    assert found(Decimal(100), pairs, coverage)["interval"]["n"] == n
    refused = found(Decimal(100), pairs[1:], coverage)
    assert refused["interval"] is None
    assert f"take {n} finished quarters" in refused["interval_refused"]
    assert f" {n - 1}" in refused["interval_refused"]


def test_what_few_periods_can_promise() -> None:
    assert [most_coverage(n) for n in (0, 3, 4, 9, 19)] == [0, 0, 60, 80, 90]
    assert all(needed(Decimal(most_coverage(n)) / 100) <= n for n in range(MINIMUM, 60))
    assert all(a <= b for a, b in pairwise(most_coverage(n) for n in range(60)))


def test_a_period_without_a_forecast_has_no_ratio_but_an_error() -> None:
    pairs = [(0, 50), *[(100, 100)] * 8]
    assert found(Decimal(1), pairs)["interval"] is None
    told = accuracy(past_of(pairs))
    assert (told["n"], told["mape_n"], told["wape"], told["bias"]) == (9, 9, 0.0588, -0.0588)


def test_absurd_amounts_are_figures_and_no_crash() -> None:
    pairs = [(Decimal("0.0001"), Decimal(10) ** 26)] * 9
    shown = found(Decimal(1), pairs)["interval"]
    assert {past["ratio"] for past in shown["past"]} == {1e30}
    told = accuracy(past_of([(a, f) for f, a in pairs]))
    assert told["wape"] == told["bias"] == told["mape"] == 1e30


@settings(deadline=None)
@given(PAIRS)
def test_errors_are_no_less_than_their_bias(pairs: Any) -> None:
    told = accuracy(past_of(pairs))
    assert told["wape"] >= abs(told["bias"]) - 1e-4
    assert told["n"] == len(pairs)
    assert accuracy([])["wape"] is None

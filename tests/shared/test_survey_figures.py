"""Figures: published values, and what must hold of all of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_shared.survey_figures import (
    Error,
    ces,
    change,
    csat,
    csat_error,
    deviation_of,
    gap,
    mean_error,
    nps,
    nps_error,
)


def scores(low: int, high: int) -> st.SearchStrategy[dict[int, int]]:
    return st.dictionaries(st.integers(low, high), st.integers(1, 200), max_size=high - low + 1)


def test_nps_gives_the_published_example() -> None:
    """19 promoters and 9 detractors of 36: 27.8, from -0.4 to 51.7 (adjusted Wald; Rocks 2016)."""
    found = nps({10: 12, 9: 7, 8: 5, 7: 3, 6: 4, 0: 5})
    assert (found["n"], found["promoters"], found["detractors"], found["passives"]) == (
        36,
        19,
        9,
        8,
    )
    assert [round(found[name], 1) for name in ("value", "low", "high")] == [27.8, -0.4, 51.7]


def test_csat_is_the_share_of_four_and_five_with_wilsons_interval() -> None:
    """81 of 263 (Newcombe 1998)."""
    found = csat({5: 40, 4: 41, 3: 100, 1: 82})
    assert [round(found[name], 2) for name in ("value", "low", "high")] == [30.8, 25.53, 36.62]


def test_an_effort_score_is_a_mean_with_the_interval_of_t() -> None:
    found = ces({2: 1, 4: 3, 5: 2})
    assert (found["n"], found["value"], round(deviation_of({2: 1, 4: 3, 5: 2}), 4)) == (
        6,
        4.0,
        1.0954,
    )
    assert [round(found[name], 3) for name in ("low", "high")] == [2.850, 5.150]


@given(scores(0, 10))
def test_nps_lies_within_its_bounds(counts: dict[int, int]) -> None:
    found = nps(counts)
    assert found["promoters"] + found["passives"] + found["detractors"] == found["n"]
    if found["n"]:
        assert -100 <= found["low"] <= found["high"] <= 100
        assert -100 <= found["value"] <= 100
    else:
        assert (found["value"], found["low"], found["high"]) == (None, None, None)


@given(scores(1, 5))
def test_csat_lies_within_its_interval(counts: dict[int, int]) -> None:
    found = csat(counts)
    if found["n"]:
        assert 0 <= found["low"] <= found["value"] <= found["high"] <= 100


@given(scores(1, 7), st.integers(2, 50))
def test_the_same_answers_more_often_leave_the_mean_and_narrow_the_interval(
    counts: dict[int, int], times: int
) -> None:
    one, more = ces(counts), ces({score: count * times for score, count in counts.items()})
    assert one["value"] == more["value"]
    if one["low"] is not None:
        assert more["high"] - more["low"] <= one["high"] - one["low"] + 1e-9


@given(scores(1, 5), scores(1, 5))
def test_a_change_back_is_the_change_turned_round(
    one: dict[int, int], other: dict[int, int]
) -> None:
    for error_of in (csat_error, mean_error):
        there = change(error_of(one), error_of(other), is_enough=True)
        back = change(error_of(other), error_of(one), is_enough=True)
        assert there["value"] == pytest.approx(-back["value"], abs=1e-3)
        assert there["is_clear"] == back["is_clear"]


def test_a_change_is_clear_only_with_answers_enough_and_an_interval_without_nought() -> None:
    before, now = nps_error({10: 10, 0: 40}), nps_error({10: 40, 0: 10})
    assert change(before, now, is_enough=True)["is_clear"]
    assert not change(before, now, is_enough=False)["is_clear"]
    assert not change(before, before, is_enough=True)["is_clear"]
    assert not change(Error(1, 1, 3), Error(3.5, 1, 3), is_enough=True)["is_clear"]  # t, not 1.96


PAIRS = st.dictionaries(
    st.tuples(st.one_of(st.none(), st.integers(1, 10)), st.one_of(st.none(), st.integers(1, 10))),
    st.integers(1, 20), max_size=20,
)  # fmt: skip


@given(PAIRS)
def test_a_gap_is_of_those_who_gave_both(pairs: dict[tuple[Any, Any], int]) -> None:
    found = gap(pairs)
    both = [(e, p) for (e, p), count in pairs.items() for _ in range(count) if None not in (e, p)]
    assert found["gap"]["n"] == len(both)
    assert found["expected"]["n"] >= len(both) <= found["perceived"]["n"]
    if both:
        assert found["gap"]["value"] == pytest.approx(
            sum(p - e for e, p in both) / len(both), abs=1e-4
        )

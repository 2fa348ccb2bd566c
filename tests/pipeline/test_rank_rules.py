"""Ranks: always strictly between their neighbours, short for long, crowded when there is no room."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_pipeline.opportunities.rules import (
    RANK_DIGITS,
    is_crowded,
    midpoint,
    rank_between,
    top_rank,
)

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
RANKS = st.decimals(
    min_value=-(10**16), max_value=10**16, allow_nan=False, allow_infinity=False, places=20
)


@given(st.tuples(RANKS, RANKS).filter(lambda pair: pair[0] != pair[1]))
def test_a_midpoint_is_strictly_between(pair: tuple[Decimal, Decimal]) -> None:
    above, below = sorted(pair)
    middle = midpoint(above, below)
    assert above < middle < below
    assert len(middle.as_tuple().digits) <= 17 + 21


@given(RANKS)
def test_equal_neighbours_have_no_midpoint_and_are_crowded(rank: Decimal) -> None:
    assert is_crowded(rank, rank)
    with pytest.raises(ValueError):
        midpoint(rank, rank)


@given(st.none() | RANKS, st.none() | RANKS)
def test_a_place_is_between_whatever_is_there(one: Decimal | None, other: Decimal | None) -> None:
    ranks = sorted(rank for rank in (one, other) if rank is not None)
    above, below = (ranks if len(ranks) == 2 else (one, other))  # fmt: skip
    if above is not None and above == below:
        return
    found = rank_between(above, below, NOW)
    assert above is None or above < found
    assert below is None or found < below


@given(st.lists(st.booleans(), min_size=1, max_size=400), st.data())
def test_any_drops_into_one_gap_stay_in_order(drops: list[bool], data: st.DataObject) -> None:
    """Each drop beside the one before, above it or below it, until the gap is crowded."""
    above, below = Decimal(1), Decimal(2)
    for goes_above in drops:
        if is_crowded(above, below):
            break
        middle = midpoint(above, below)
        assert above < middle < below
        above, below = (above, middle) if goes_above else (middle, below)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("gap", [(Decimal(1), Decimal(2)), (top_rank(NOW), top_rank(NOW) + 1)])
def test_a_gap_takes_a_hundred_drops_at_one_side_before_it_is_crowded(
    gap: tuple[Decimal, Decimal], side: int
) -> None:
    """What the numbering costs (a whole stage) is paid once in so many drops."""
    above, below = gap
    count = 0
    while not is_crowded(above, below):
        middle = midpoint(above, below)
        above, below = (above, middle) if side else (middle, below)
        count += 1
    assert count >= 100
    assert max(len(rank.as_tuple().digits) for rank in (above, below)) == RANK_DIGITS + 1


def test_five_thousand_drops_numbered_anew_when_crowded_are_a_total_order() -> None:
    """What the service does, on a list: the newest goes below the first card each time."""
    ranks = [Decimal(n) for n in range(10)]
    names = list(range(10))
    for name in range(10, 5010):
        if is_crowded(ranks[0], ranks[1]):
            ranks = [Decimal(n) for n in range(1, len(ranks) + 1)]
        ranks.insert(1, rank_between(ranks[0], ranks[1], NOW))
        names.insert(1, name)
        assert ranks[0] < ranks[1] < ranks[2]
    assert all(a < b for a, b in zip(ranks, ranks[1:], strict=False))
    assert names[:4] == [0, 5009, 5008, 5007]


@given(st.lists(st.integers(0, 10**9), unique=True, min_size=2))
def test_what_comes_later_comes_higher_up(microseconds: list[int]) -> None:
    moments = [NOW + timedelta(microseconds=n) for n in sorted(microseconds)]
    ranks = [top_rank(moment) for moment in moments]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == len(ranks)
    assert all(rank < 1 for rank in ranks)  # above a stage that was numbered anew

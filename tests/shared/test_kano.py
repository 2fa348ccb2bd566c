"""Kano: the evaluation table as it is published, and what must hold of its figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_shared.kano import CATEGORIES, KANO, category_of, counted, item_of

# Berger et al. 1993: rows with it, columns without it.
PUBLISHED = """
Q A A A O
R I I I M
R I I I M
R I I I M
R R R R Q
"""


def test_the_table_is_the_published_one() -> None:
    rows = [line.split() for line in PUBLISHED.strip().splitlines()]
    found = [[category_of(one, other) for other in KANO] for one in KANO]
    assert found == rows


def test_an_items_figures() -> None:
    found = item_of({"A": 30, "O": 20, "M": 10, "I": 30, "R": 5, "Q": 5})
    assert (found["n"], found["better"]["value"], found["worse"]["value"]) == (100, 0.5556, -0.3333)
    assert (found["category"], found["category_strength"], found["total_strength"]) == (
        "mixed",
        0.0,
        0.6,
    )
    assert found["worse"]["low"] < -0.3333 < found["worse"]["high"] < 0


@pytest.mark.parametrize(
    ("first", "second", "rest", "category"),
    # n = 100: of 40 and 28 the least difference is 1.65 √(68 · 132 / 200) = 11.05
    [(40, 28, 32, "O"), (40, 30, 30, "mixed"), (1, 0, 0, "mixed"), (5, 0, 0, "O")],
)
def test_two_categories_that_are_not_told_apart_are_mixed(
    first: int, second: int, rest: int, category: str
) -> None:
    third = {"M": rest // 2, "A": rest - rest // 2}
    counts = dict.fromkeys(CATEGORIES, 0) | {"O": first, "I": second} | third
    assert item_of(counts)["category"] == category


ANSWER = st.one_of(st.none(), st.sampled_from(KANO))


@given(st.dictionaries(st.tuples(ANSWER, ANSWER), st.integers(1, 50)))
def test_every_pair_is_counted_once_and_coefficients_keep_their_bounds(
    pairs: dict[tuple[str | None, str | None], int],
) -> None:
    counts = counted(pairs)
    assert sum(counts.values()) == sum(n for pair, n in pairs.items() if None not in pair)
    found = item_of(counts)
    if found["better"]["n"]:
        assert (
            0 <= found["better"]["low"] <= found["better"]["value"] <= found["better"]["high"] <= 1
        )
        assert -1 <= found["worse"]["low"] <= found["worse"]["value"] <= found["worse"]["high"] <= 0
    assert (found["category"] is None) == (found["n"] == 0)

"""Market basket: the published numbers of rules of the groceries data, and what must hold of counts."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from guanxi_analytics.modelling.affinity import pairs
from guanxi_analytics.modelling.baskets import Rule, frequent_sets, rules
from guanxi_analytics.modelling.significance import benjamini_hochberg, chi_squared, fisher
from tests.analytics.data_sets import data_set

BASKETS = st.lists(st.lists(st.integers(0, 6), max_size=6), min_size=1, max_size=40)


def groceries() -> tuple[list[list[int]], list[str]]:
    """9,835 baskets and the names of 169 items (Hahsler, Hornik and Reutterer 2006)."""
    lines = (data_set("groceries") / "groceries.csv").read_text(encoding="utf-8").splitlines()
    names = sorted({name for line in lines for name in line.split(",")})
    number = {name: k for k, name in enumerate(names)}
    return [[number[name] for name in line.split(",")] for line in lines], names


def test_groceries_at_a_thousandth_and_four_fifths_have_410_rules() -> None:
    """R's arules: 29, 229, 140 and 12 of three to six items. Four have a confidence of exactly 0.8."""
    baskets, names = groceries()
    found = rules(baskets, support=0.001, confidence=0.8)
    assert len(baskets) == 9_835
    assert Counter(len(rule.given) + 1 for rule in found) == {3: 29, 4: 229, 5: 140, 6: 12}
    assert sum(5 * rule.both == 4 * rule.of_given for rule in found) >= 4
    best = found[0]
    assert {names[item] for item in best.given} == {"liquor", "red/blush wine"}
    assert names[best.then] == "bottled beer"
    assert best.support == pytest.approx(0.0019319, abs=0.5e-7)
    assert best.confidence == pytest.approx(0.9047619, abs=0.5e-7)
    assert best.lift == pytest.approx(11.2353, abs=0.5e-4)


def test_groceries_at_six_thousandths_and_a_quarter_have_463_rules() -> None:
    """Lantz, Machine Learning with R: 150, 297 and 16 of two to four items."""
    found = rules(groceries()[0], support="0.006", confidence="0.25")
    assert Counter(len(rule.given) + 1 for rule in found) == {2: 150, 3: 297, 4: 16}


@given(BASKETS, st.integers(1, 5))
def test_frequent_sets_are_those_of_counting_each_one(baskets: list[list[int]], least: int) -> None:
    counts: Counter[tuple[int, ...]] = Counter()
    for basket in baskets:
        items = sorted(set(basket))
        counts.update(each for k in range(1, 7) for each in combinations(items, k))
    expected = {items: count for items, count in counts.items() if count >= least}
    assert frequent_sets(baskets, least=least) == expected


@given(BASKETS)
def test_rules_count_what_they_say_and_pairs_are_rules_of_two(baskets: list[list[int]]) -> None:
    found = rules(baskets, support=1e-9, confidence=0)
    held = [set(basket) for basket in baskets]
    for rule in found:
        assert rule.of_given == sum(set(rule.given) <= basket for basket in held)
        assert rule.both == sum({*rule.given, rule.then} <= basket for basket in held)
        assert 0 < rule.confidence <= 1
    two = {(r.given[0], r.then): r for r in found if len(r.given) == 1 and r.given[0] < r.then}
    lines = [(place, item) for place, basket in enumerate(baskets) for item in basket]
    together = pairs(*zip(*lines, strict=True)) if lines else pairs([], [])
    numbers = zip(together.first, together.second, together.both, strict=True)
    assert {(a, b): n for a, b, n in numbers} == {key: rule.both for key, rule in two.items()}
    assert together.baskets == sum(map(bool, held))


def test_a_rules_figures() -> None:
    rule = Rule((1,), 2, both=30, of_given=40, of_then=50, baskets=100)
    figures = (rule.support, rule.confidence, rule.lift, rule.leverage, rule.conviction)
    assert figures == pytest.approx((0.3, 0.75, 1.5, 0.1, 2.0))
    assert Rule((1,), 2, 40, 40, 50, 100).conviction == float("inf")


@pytest.mark.parametrize(("support", "confidence"), [(0, 0.5), (2, 0.5), (0.1, -1), (0.1, 2)])
def test_thresholds_that_are_none_are_refused(support: float, confidence: float) -> None:
    with pytest.raises(ValueError, match="Support"):
        rules([[1, 2]], support=support, confidence=confidence)


@given(st.integers(1, 60), st.data())
def test_fishers_test_is_the_exact_one(n: int, data: st.DataObject) -> None:
    one, other = data.draw(st.integers(0, n)), data.draw(st.integers(0, n))
    both = data.draw(st.integers(max(0, one + other - n), min(one, other)))
    table = [[both, one - both], [other - both, n - one - other + both]]
    expected = fisher_exact(table, alternative="greater").pvalue
    assert fisher([both], [one], [other], [n]) == pytest.approx([expected], rel=1e-9)
    assert 0 <= chi_squared([both], [one], [other], [n])[0] <= 1


def test_benjamini_and_hochbergs_own_example() -> None:
    """1995, section 3.2: of fifteen tests four are discoveries at q = 0.05."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
         0.7590, 1.0000]  # fmt: skip
    assert (benjamini_hochberg(p) <= 0.05).sum() == 4
    shuffled = np.random.default_rng(1).permutation(15)
    assert np.array_equal(
        benjamini_hochberg(np.array(p)[shuffled]), benjamini_hochberg(p)[shuffled]
    )


def test_of_baskets_filled_by_chance_few_pairs_are_found() -> None:
    random = np.random.default_rng(2)
    basket = np.repeat(np.arange(4_000), 5)
    found = pairs(basket, random.integers(0, 60, len(basket)), least=5)
    assert (found.q() <= 0.05).mean() < 0.01
    assert found.lift.max() > 1.2  # which lift alone would have called affinity

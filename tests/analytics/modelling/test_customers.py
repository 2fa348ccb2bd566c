"""RFM, ABC, the value matrix, reasons, floors, deals by age and the loyalty curve."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_analytics.modelling import beta_geometric as bg
from guanxi_analytics.modelling.competing_risks import incidence, interval
from guanxi_analytics.modelling.floors import BUYING, refusal, refusal_of_horizon
from guanxi_analytics.modelling.loyalty_curve import loyalty_curve
from guanxi_analytics.modelling.reasons import contributions
from guanxi_analytics.modelling.recency_frequency_money import abc_classes, ntile, rfm_scores


@given(st.lists(st.integers(0, 5), max_size=60), st.integers(1, 7))
def test_ntile_is_that_of_sql(values: list[int], parts: int) -> None:
    found = ntile(values, np.arange(len(values)), parts)
    ranked = sorted(range(len(values)), key=lambda i: (values[i], i))
    size, more = divmod(len(values), parts)
    expected = [part for part in range(parts) for _ in range(size + (part < more))]
    assert [found[i] - 1 for i in ranked] == expected


def test_scores_hang_on_customers_and_not_on_their_order() -> None:
    random = np.random.default_rng(1)
    key = random.permutation(200)
    told = [random.integers(0, 9, 200) for _ in range(3)]
    found, order = rfm_scores(*told, key).cell, random.permutation(200)
    assert np.array_equal(
        rfm_scores(*(each[order] for each in told), key[order]).cell, found[order]
    )
    best = rfm_scores([1, 9, 9, 9, 9], [9, 1, 1, 1, 1], [9, 1, 1, 1, 1], range(5)).cell
    assert best[0] == 555
    with pytest.raises(ValueError, match="same key"):
        rfm_scores([1, 2], [1, 2], [1, 2], [7, 7])


def test_abc_is_of_what_is_earned() -> None:
    margin = [50, 30, 10, 6, 4, 0, -20]
    assert abc_classes(margin, range(7)).tolist() == ["A", "A", "B", "B", "C", "C", "C"]
    assert abc_classes([0, -1], [1, 2]).tolist() == ["C", "C"]


@given(st.lists(st.floats(-100, 1e6), max_size=50))
def test_a_customers_are_the_fewest_that_bring_eighty_percent(margin: list[float]) -> None:
    values = np.array(margin, float)
    found = abc_classes(values, np.arange(len(values)))
    earned = np.maximum(values, 0)
    top = earned[found == "A"]
    if earned.sum() > 1e-3:
        assert top.sum() >= 0.8 * earned.sum() * (1 - 1e-9)
        assert top.sum() - top.min() < 0.8 * earned.sum() * (1 + 1e-9)


@given(
    st.tuples(*[st.floats(0.1, 10)] * 4),
    st.lists(st.tuples(st.integers(1, 50), st.integers(1, 300), st.integers(0, 300)), min_size=1),
)
@settings(deadline=None)
def test_reasons_sum_to_what_they_explain(
    parameters: tuple[float, ...], rows: list[tuple[int, int, int]]
) -> None:
    x, last, more = (np.array(each) for each in zip(*rows, strict=True))
    usual = (3.0, 100.0, 150.0)
    found = contributions(parameters, x, last, last + more, usual=usual)
    whole = bg.log_odds_alive(parameters, x, last, last + more)
    difference = whole - bg.log_odds_alive(parameters, *usual)
    assert sum(found.values()) == pytest.approx(difference, rel=1e-9, abs=1e-9)


def test_longer_silence_is_a_reason_against() -> None:
    found = contributions((0.24, 31, 0.8, 2.4), 3, 100, 300, usual=(3, 100, 150))
    assert found["silence"] < -0.5
    assert found["purchases"] == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="came back"):
        contributions((0.24, 31, 0.8, 2.4), 0, 0, 300, usual=(3, 100, 150))


def test_floors_say_what_is_missing() -> None:
    assert refusal(BUYING, 200, 80) is None
    assert refusal(BUYING, 1_200, 40) == (
        "Purchases to come cannot be told: it takes 200 customers and 80 customers who bought again; "
        "there are 1,200 and 40."
    )
    assert refusal_of_horizon(52, 104) is None
    assert "no longer than the history" in str(refusal_of_horizon(52, 26))


DEALS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2)), min_size=1, max_size=60)


@given(DEALS)
def test_won_lost_and_open_are_all_there_is(deals: list[tuple[int, int]]) -> None:
    age, kind = zip(*deals, strict=True)
    found = incidence(age, kind)
    whole = found.still_open + sum(found.ended.values())
    assert whole == pytest.approx(np.ones(len(found.ages)))
    for curve in found.ended.values():
        assert np.all(np.diff(curve) >= -1e-12)


def test_without_open_deals_it_is_the_share_that_ended_so() -> None:
    found = incidence([1, 2, 2, 3, 5], [1, 2, 1, 2, 1])
    assert found.ended[1] == pytest.approx([0.2, 0.4, 0.4, 0.6])
    assert found.ended[2] == pytest.approx([0.0, 0.2, 0.4, 0.4])
    assert found.chance(1, [0, 2, 5], None) == pytest.approx([0.6, 0.5, np.nan], nan_ok=True)
    assert found.chance(1, 0, within=2) == pytest.approx(0.4)


def test_a_worked_example_with_open_and_late_deals() -> None:
    """By hand: at 2 five at risk, one won; at 4 three (one left open at 3), one lost; at 6 two, one won, the other late
    one open."""
    found = incidence([2, 3, 4, 6, 8], [1, 0, 2, 1, 0])
    assert found.at_risk.tolist() == [5, 3, 2]
    assert found.ended[1] == pytest.approx([1 / 5, 1 / 5, 1 / 5 + 4 / 5 * 2 / 3 / 2])
    assert found.ended[2] == pytest.approx([0, 4 / 5 / 3, 4 / 5 / 3])
    late = incidence([2, 3, 4, 6, 8], [1, 0, 2, 1, 0], [0, 0, 0, 5, 0])
    assert late.at_risk.tolist() == [4, 2, 2]


def test_the_interval_of_an_incidence_covers_the_truth() -> None:
    """Won at rate 1, lost at rate 2, looked at after an age of half a mean: F(∞) is a third."""
    covered = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        end = random.exponential(1 / 3, 300)
        kind = 1 + (random.random(300) > 1 / 3)
        look = random.exponential(1, 300)
        found = incidence(np.minimum(end, look), np.where(end <= look, kind, 0))
        at = int(np.searchsorted(found.ages, 0.5)) - 1
        low, high = interval(found, 1, draws=300, seed=seed)
        truth = (1 - np.exp(-1.5)) / 3
        covered += int(low[at] <= truth <= high[at])
    assert covered >= 52


@pytest.mark.parametrize(
    ("age", "kind", "entered"),
    [([1], [1, 2], None), ([-1], [1], None), ([1], [-1], None), ([1], [1], [2])],
)
def test_deals_that_cannot_be_are_refused(
    age: list[int], kind: list[int], entered: list[int] | None
) -> None:
    with pytest.raises(ValueError, match=r"deal|Ages"):
        incidence(age, kind, entered)


def answers(chances: dict[int, float], n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    score = np.repeat(list(chances), n)
    return score, (random.random(len(score)) < np.repeat(list(chances.values()), n)).astype(float)


def test_a_bent_curve_is_called_bent_and_a_straight_one_is_not() -> None:
    """Jones and Sasser: nearly nobody stays but the completely satisfied."""
    found = loyalty_curve(*answers({1: 0.2, 2: 0.22, 3: 0.25, 4: 0.3, 5: 0.9}, 300, seed=1))
    assert found.is_bent
    assert found.levels[-1].isotonic == pytest.approx(0.9, abs=0.06)
    logits = {k: 1 / (1 + np.exp(-(k - 5) * 0.5)) for k in range(11)}
    called = [loyalty_curve(*answers(logits, 60, seed=seed)).is_bent for seed in range(200)]
    assert 1 <= sum(called) <= 21  # one in twenty, as said


@given(st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=60, max_size=200))
@settings(max_examples=60, deadline=None)
def test_steps_never_fall_and_curves_stay_probabilities(rows: list[tuple[int, bool]]) -> None:
    score, stayed = (np.array(each, float) for each in zip(*rows, strict=True))
    if min(stayed.sum(), (1 - stayed).sum()) < 10 or np.ptp(score) == 0:
        with pytest.raises(ValueError, match=r"takes|same score"):
            loyalty_curve(score, stayed)
        return
    found = loyalty_curve(score, stayed)
    assert all(a.isotonic <= b.isotonic + 1e-12 for a, b in pairwise(found.levels))
    assert all(
        0 <= each.smooth_low <= each.smooth <= each.smooth_high <= 1 for each in found.levels
    )
    assert sum(each.n * each.isotonic for each in found.levels) == pytest.approx(stayed.sum())
    assert found.p is None or 0 <= found.p <= 1


def test_perfectly_separated_answers_have_finite_curves() -> None:
    score = np.repeat(np.arange(1, 6), 40)
    found = loyalty_curve(score, score > 3)
    assert all(np.isfinite(each.smooth_low) for each in found.levels)

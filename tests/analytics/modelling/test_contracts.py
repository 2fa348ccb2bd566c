"""Contractual retention, occasions, and lifetime value by the textbook: published tables and what must hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import hyp2f1

from guanxi_analytics.modelling import bg_bb
from guanxi_analytics.modelling import shifted_beta_geometric as sbg
from guanxi_analytics.modelling.bg_bb import Occasions
from guanxi_analytics.modelling.constant_margin import (
    lifetime_value,
    margin_multiple,
    value_of_margins,
    worth_of_retention,
)

# Fader and Hardie 2007, J. Interactive Marketing 21(1), table 1: of 100 customers, still there after years 0 to 12.
HIGH_END = (100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1, 46.8, 44.5, 42.7, 40.9, 39.4)
REGULAR = (100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1, 22.3, 20.7, 19.4, 18.3, 17.3)
# Fader, Hardie and Shang 2010, Marketing Science 29(6), table of 11,104 donors: times given, last one, how many.
DONORS = """
0 0 3464  1 1 1091  1 2 277  1 3 129  1 4 78  1 5 119  1 6 129  2 2 613  2 3 255  2 4 155  2 5 173
2 6 234  3 3 322  3 4 181  3 5 225  3 6 357  4 4 240  4 5 284  4 6 512  5 5 335  5 6 728  6 6 1203
"""


def life_table(shares: tuple[float, ...], years: int) -> tuple[np.ndarray, np.ndarray]:
    """Of 1,000 customers: at risk and lost in each year."""
    there = np.array(shares) * 10
    return there[:years], there[:years] - there[1 : years + 1]


@pytest.mark.parametrize(
    ("shares", "years", "alpha", "beta", "log_likelihood", "after_twelve"),
    [
        (HIGH_END, 7, 0.668, 3.806, -1611.16, 37.8), (REGULAR, 7, 0.704, 1.182, -1680.27, 17.0),
    ],
)  # fmt: skip
def test_sbg_prints_its_table(
    shares: tuple[float, ...],
    years: int,
    alpha: float,
    beta: float,
    log_likelihood: float,
    after_twelve: float,
) -> None:
    found = sbg.fit(*life_table(shares, years))
    assert found.parameters == pytest.approx([alpha, beta], abs=0.5e-3)
    assert found.log_likelihood == pytest.approx(log_likelihood, abs=0.005)
    assert 100 * sbg.survival(found.parameters, 12)[-1] == pytest.approx(after_twelve, abs=0.05)
    assert found.is_settled


def test_sbg_of_four_years_prints_its_table() -> None:
    assert sbg.fit(*life_table(REGULAR, 4)).parameters == pytest.approx([0.764, 1.296], abs=0.5e-3)


def test_discounted_renewals_to_come_are_those_published() -> None:
    """High End, 10%, eighth period: 7.530 (Fader and Hardie 2010, Marketing Science 29(1))."""
    assert sbg.residual_lifetime((0.668, 3.806), 8, 0.1) == pytest.approx([7.530], abs=0.5e-3)


@given(st.floats(0.2, 20), st.floats(0.2, 20), st.integers(1, 40), st.floats(0.02, 1))
@settings(max_examples=60, deadline=None)
def test_discounted_renewals_are_the_papers_formula_and_their_sum(
    alpha: float, beta: float, n: int, discount: float
) -> None:
    (found,) = sbg.residual_lifetime((alpha, beta), n, discount)
    paper = (beta + n - 1) / (alpha + beta + n - 1)
    paper *= hyp2f1(1, beta + n, alpha + beta + n, 1 / (1 + discount))
    assert found == pytest.approx(paper, rel=1e-5)
    alive = sbg.survival((alpha, beta), n + 3_000)
    powers = (1 + discount) ** -np.arange(3_001.0)
    assert found == pytest.approx(float(alive[n:] @ powers) / alive[n - 1], rel=1e-5)


@given(st.floats(0.01, 1e3), st.floats(0.01, 1e3))
def test_retention_rises_with_tenure_though_nobody_changes(alpha: float, beta: float) -> None:
    found = sbg.retention((alpha, beta), 60)
    assert np.all(np.diff(found) > 0)
    assert np.all((found > 0) & (found < 1))


def test_sorting_explains_the_regular_segment_and_not_a_bad_year() -> None:
    at_risk, lost = life_table(REGULAR, 7)
    fitted = sbg.fit(at_risk, lost)
    p, _ = sbg.sorting_or_change(fitted.parameters, at_risk, lost)
    assert p > 0.5
    lost = lost.copy()
    lost[4] += 60
    p, differences = sbg.sorting_or_change(fitted.parameters, at_risk, lost)
    assert p < 1e-6
    assert np.argmin(differences) == 4


def test_customers_seen_for_less_time_count_for_what_was_seen() -> None:
    at_risk, lost = life_table(REGULAR, 7)
    whole = sbg.fit(at_risk, lost).parameters
    shorter = sbg.fit(at_risk + np.r_[at_risk[:3], 0, 0, 0, 0], lost + np.r_[lost[:3], 0, 0, 0, 0])
    assert shorter.parameters == pytest.approx(whole, rel=0.1)


@pytest.mark.parametrize(("at_risk", "lost"), [([], []), ([5], [6]), ([5], [-1]), ([5, 4], [1])])
def test_life_tables_that_cannot_be_are_refused(at_risk: list[int], lost: list[int]) -> None:
    with pytest.raises(ValueError, match=r"period|left"):
        sbg.fit(at_risk, lost)


@pytest.mark.parametrize(
    ("discount", "multiples"),
    [
        (0.10, (1.20, 1.75, 2.67, 4.50)), (0.12, (1.15, 1.67, 2.50, 4.09)),
        (0.14, (1.11, 1.59, 2.35, 3.75)), (0.16, (1.07, 1.52, 2.22, 3.46)),
    ],
)  # fmt: skip
def test_margin_multiples_are_those_of_gupta_and_lehmann(
    discount: float, multiples: tuple[float, ...]
) -> None:
    found = [margin_multiple(retention, discount) for retention in (0.6, 0.7, 0.8, 0.9)]
    assert found == pytest.approx(multiples, abs=0.5e-2)


@given(st.floats(0, 0.99), st.floats(0.01, 1), st.floats(-1e4, 1e4), st.floats(0, 1e3))
def test_the_constant_margin_is_the_limit_of_the_sum(
    retention: float, discount: float, margin: float, cost: float
) -> None:
    by_sum = value_of_margins([margin] * 3_000, retention, discount, acquisition_cost=cost)
    found = lifetime_value(margin, retention, discount, acquisition_cost=cost)
    assert by_sum == pytest.approx(found, rel=1e-9, abs=1e-6)
    if margin > 1 and retention < 0.9:
        assert worth_of_retention(margin, retention, discount) > 0


@pytest.mark.parametrize(("retention", "discount"), [(1, 0), (1.2, 0.1), (-0.1, 0.1), (0.5, -1)])
def test_rates_without_a_value_are_refused(retention: float, discount: float) -> None:
    with pytest.raises(ValueError, match=r"retention rate|discount rate"):
        margin_multiple(retention, discount)


def donors() -> Occasions:
    x, last, count = np.array(DONORS.split(), float).reshape(-1, 3).T
    return Occasions.of(x, last, 6, count)


def test_bg_bb_prints_its_table() -> None:
    found = bg_bb.fit(donors())
    assert found.customers == 11_104
    assert found.parameters == pytest.approx([1.204, 0.750, 0.657, 2.783], abs=0.5e-3)
    assert found.log_likelihood == pytest.approx(-33225.58, abs=0.005)
    p = found.parameters
    # The walkthrough of BTYD: as far as the digits of its parameters go.
    assert bg_bb.expected(p, 10) == pytest.approx(3.179805, rel=1e-5)
    ahead = bg_bb.expected_after(p, Occasions.of([0, 4], [0, 5], 6), 10)
    assert ahead == pytest.approx([0.1302169, 3.627858], rel=4e-5)


@given(st.lists(st.floats(0.02, 50), min_size=4, max_size=4), st.integers(1, 8))
@settings(max_examples=40, deadline=None)
def test_all_histories_of_bg_bb_together_are_certain(parameters: list[float], n: int) -> None:
    """The likelihood is of one order of taking part: C(t-1, x-1) orders have x times and the last at t."""
    from math import comb

    cases = [(0, 0, 1)] + [
        (x, t, comb(t - 1, x - 1)) for t in range(1, n + 1) for x in range(1, t + 1)
    ]
    x, last, ways = (np.array(each, float) for each in zip(*cases, strict=True))
    one_by_one = [
        bg_bb._terms(np.array(parameters), Occasions.of(a, b, n))[0][0]
        for a, b in zip(x, last, strict=True)
    ]
    assert ways @ np.exp(one_by_one) == pytest.approx(1, rel=1e-9)
    taken = ways * x @ np.exp(one_by_one)
    assert bg_bb.expected(parameters, n) == pytest.approx(taken, rel=1e-7)


@given(st.lists(st.floats(0.05, 20), min_size=4, max_size=4))
@settings(max_examples=30, deadline=None)
def test_the_gradient_of_bg_bb_is_that_of_finite_differences(parameters: list[float]) -> None:
    at, data = np.array(parameters), donors()
    value, gradient, hessian = bg_bb.surface(at, data)
    for k in range(4):
        nudge = np.zeros(4)
        nudge[k] = 1e-5 * at[k]
        up, down = bg_bb.surface(at + nudge, data), bg_bb.surface(at - nudge, data)
        rough = 1e-11 * abs(value) / nudge[k]
        assert gradient[k] == pytest.approx((up[0] - down[0]) / (2 * nudge[k]), rel=1e-4, abs=rough)
        bend = (up[1] - down[1]) / (2 * nudge[k])
        assert hessian[k] == pytest.approx(bend, rel=1e-3, abs=1e-4 * np.abs(hessian).max())


def test_more_silence_costs_donors_hope_and_impossible_histories_are_refused() -> None:
    p = (1.204, 0.750, 0.657, 2.783)
    found = bg_bb.alive(p, Occasions.of(2, 2, [2, 3, 4, 5, 6]))
    assert np.all(np.diff(found) < 0)
    assert np.all((found > 0) & (found < 1))
    for x, last, n in ((3, 2, 6), (1, 7, 6), (0, 1, 6), (1, 0, 6)):
        with pytest.raises(ValueError, match="Of n occasions"):
            Occasions.of(x, last, n)

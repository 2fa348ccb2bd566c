"""What must hold of buy-till-you-die models whatever the customers are."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import hyp2f1

from guanxi_analytics.modelling import beta_geometric as bg
from guanxi_analytics.modelling import beta_geometric_ahead as ahead
from guanxi_analytics.modelling import gamma_gamma as gg
from guanxi_analytics.modelling import pareto_nbd as pareto
from guanxi_analytics.modelling.beta_nodes import beta_nodes
from guanxi_analytics.modelling.climbing import delta_error
from guanxi_analytics.modelling.histories import Histories, histories
from tests.analytics.modelling.buying import simulated

PARAMETERS = st.lists(st.floats(1e-3, 1e3), min_size=4, max_size=4)
BUYING = [
    pytest.param(lambda p, h: bg.surface(p, h, bg.BG_NBD), id="BG/NBD"),
    pytest.param(lambda p, h: bg.surface(p, h, bg.MBG_NBD), id="MBG/NBD"),
    pytest.param(pareto.surface, id="Pareto/NBD"),
]


@st.composite
def customers(draw: st.DrawFn, most: int = 40) -> Histories:
    rows = draw(
        st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 1500)), min_size=1, max_size=most)
    )
    age = np.array([max(a, b, 1) for a, b in rows])
    last = np.array([min(a, b) for a, b in rows])
    x = np.where(last > 0, np.array([1 + a % 300 for a, _ in rows]), 0)
    return histories(x, last, age)


@pytest.mark.parametrize("surface", BUYING)
@given(parameters=PARAMETERS, data=customers())
@settings(max_examples=60, deadline=None)
def test_nothing_overflows_at_extremes(
    surface: Any, parameters: list[float], data: Histories
) -> None:
    value, gradient, hessian = surface(np.array(parameters), data)
    assert np.isfinite(value)
    assert np.all(np.isfinite(gradient))
    assert np.all(np.isfinite(hessian))


@pytest.mark.parametrize("surface", BUYING)
@given(parameters=st.lists(st.floats(0.05, 20), min_size=4, max_size=4), data=customers())
@settings(max_examples=40, deadline=None)
def test_gradients_and_hessians_are_those_of_finite_differences(
    surface: Any, parameters: list[float], data: Histories
) -> None:
    at = np.array(parameters)
    value, gradient, hessian = surface(at, data)
    for k in range(4):
        nudge = np.zeros(4)
        nudge[k] = 1e-5 * at[k]
        up, down = surface(at + nudge, data), surface(at - nudge, data)
        slope, bend = ((up[i] - down[i]) / (2 * nudge[k]) for i in (0, 1))
        rounding = 1e-13 * abs(value) / nudge[k]
        assert gradient[k] == pytest.approx(slope, rel=1e-4, abs=1e-5 + 10 * rounding)
        rough = 1e-5 + 1e-12 * float(np.abs(gradient).max()) / nudge[k]
        assert hessian[k] == pytest.approx(bend, rel=1e-3, abs=rough * (1 + np.abs(hessian).max()))


@given(
    parameters=st.tuples(*[st.floats(0.05, 20)] * 4), x=st.integers(0, 60), last=st.floats(0.1, 100),
    more=st.floats(0, 100),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_the_integral_of_pareto_nbd_is_that_of_adaptive_quadrature(
    parameters: tuple[float, ...], x: int, last: float, more: float
) -> None:
    r, alpha, s, beta = parameters
    age = last + more
    found, *_ = pareto._ways(np.array(parameters), *(np.array([float(e)]) for e in (x, last, age)))
    lowest = (alpha + last) ** -(r + x)  # in units of the first value: as small as they are

    def density(u: float) -> float:
        return float(((alpha + u) ** -(r + x) / lowest) * s * (beta + u) ** -(s + 1))

    expected = quad(density, last, age, epsabs=0, epsrel=1e-10, limit=500)[0] if more else 0.0
    expected += (alpha + age) ** -(r + x) / lowest * (beta + age) ** -s
    total = float(np.exp(pareto._log_sum(found)[0] - np.log(lowest)))
    assert total == pytest.approx(expected, rel=1e-7)


@given(PARAMETERS, customers(), st.floats(0.01, 1e4))
@settings(max_examples=60, deadline=None)
def test_probabilities_are_probabilities_and_purchases_are_not_negative(
    parameters: list[float], data: Histories, periods: float
) -> None:
    told = (data.x, data.last, data.age)
    for found in (
        bg.alive(parameters, *told), bg.alive(parameters, *told, bg.MBG_NBD),
        pareto.alive(parameters, *told),
    ):  # fmt: skip
        assert np.all((found >= 0) & (found <= 1))
    for found in (
        ahead.expected_after(parameters, *told, periods),
        ahead.expected_after(parameters, *told, periods, bg.MBG_NBD),
        pareto.expected_after(parameters, *told, periods),
    ):
        assert np.all(np.isfinite(found) & (found >= 0))


@given(st.tuples(*[st.floats(0.05, 20)] * 4), customers(), st.floats(0.5, 50))
@settings(max_examples=40, deadline=None)
def test_more_time_brings_more_purchases_and_silence_costs_hope(
    parameters: tuple[float, ...], data: Histories, periods: float
) -> None:
    told = (data.x, data.last, data.age)
    for model in (ahead.expected_after, pareto.expected_after):
        assert np.all(
            model(parameters, *told, 2 * periods) >= model(parameters, *told, periods) * (1 - 1e-9)
        )
    for alive in (bg.alive, pareto.alive):
        now, later = (
            alive(parameters, *told),
            alive(parameters, data.x, data.last, data.age + periods),
        )
        assert np.all(later <= now + 1e-9)


@given(st.floats(0.3, 0.95), st.floats(0.5, 30), st.floats(0.1, 30), st.floats(0.01, 5))
@settings(max_examples=60, deadline=None)
def test_the_mean_over_beta_is_the_published_hypergeometric_function(
    a: float, b: float, rate: float, ratio: float
) -> None:
    """Fader, Hardie and Lee 2005, equation 10, where it is finite and does not cancel."""
    assume(abs(a + b - 1) > 0.05)
    (p,), (w,) = beta_nodes(a, b)
    found = w @ (-np.expm1(-rate * np.log1p(p * ratio)) / p)
    z = ratio / (1 + ratio)
    whole = (1 + ratio) ** -rate * hyp2f1(rate, b, a + b - 1, z)
    assert found == pytest.approx((a + b - 1) / (a - 1) * (1 - whole), rel=1e-5)


def test_at_the_singular_points_of_the_published_formulas_the_figures_go_on() -> None:
    near, at = (ahead.expected((0.3, 5, a, 2.5), [52])[0] for a in (1 + 1e-7, 1.0))
    assert at == pytest.approx(near, rel=1e-6)
    near, at = (pareto.expected((0.3, 5, s, 10.0), 52) for s in (1 + 1e-7, 1.0))
    assert at == pytest.approx(near, rel=1e-6)


@pytest.mark.parametrize(
    ("fit", "times"),
    [(bg.fit, [1]), (lambda h: bg.fit(h, bg.MBG_NBD), [1]), (pareto.fit, [1, 3])],
    ids=["BG/NBD", "MBG/NBD", "Pareto/NBD"],
)
@pytest.mark.parametrize("factor", [7, 365])
def test_another_unit_of_time_changes_the_times_alone(
    fit: Any, times: list[int], factor: int
) -> None:
    told = simulated(2_000, seed=3)
    days, other = fit(histories(*told, unit=1)), fit(histories(*told, unit=factor))
    expected = days.parameters.copy()
    expected[times] /= factor
    assert other.parameters == pytest.approx(expected, rel=1e-6)
    longer = days.log_likelihood + told[0].sum() * np.log(factor)
    assert other.log_likelihood == pytest.approx(longer, rel=1e-9)
    assert other.log_covariance == pytest.approx(days.log_covariance, rel=1e-4, abs=1e-6)


def test_bg_nbd_finds_what_customers_were_made_with() -> None:
    found = bg.fit(histories(*simulated(40_000, seed=1)))
    assert found.is_settled
    errors = found.standard_errors
    assert np.all(
        np.abs(found.parameters - [0.3, 5, 0.8, 2.5]) < 4 * errors + [0.02, 0.3, 0.05, 0.2]
    )


def test_the_parameters_lie_within_their_intervals_as_often_as_said() -> None:
    """Whole days and the collapse of a day's purchases move r and α by less than an error at this size."""
    within = 0
    for seed in range(40):
        found = bg.fit(histories(*simulated(1_500, seed=seed)))
        low = np.log(found.parameters) - 1.96 * np.sqrt(np.diag(found.log_covariance))
        high = np.log(found.parameters) + 1.96 * np.sqrt(np.diag(found.log_covariance))
        within += int(
            ((np.log([0.3, 5, 0.8, 2.5]) > low) & (np.log([0.3, 5, 0.8, 2.5]) < high)).sum()
        )
    assert 136 <= within <= 160  # of 160: 85% to all


def test_customers_of_whom_nobody_came_back_tell_no_parameters() -> None:
    found = bg.fit(histories([0] * 50, [0] * 50, range(10, 60)))
    assert not found.is_settled


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (([1], [5], [4]), "after the end"), (([0], [5], [6]), "another day"), (([1], [0], [6]), "another day"),
        (([1.5], [5], [6]), "whole numbers"), (([-1], [5], [6]), "outside"), (([1, 2], [5], [6]), "different lengths"),
        (([1], [5], [1 << 22]), "outside"), (([[1]], [[2]], [[3]]), "whole numbers"),
    ],
)  # fmt: skip
def test_histories_that_cannot_be_are_refused_in_words(told: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        histories(*told)


def test_the_same_histories_are_counted() -> None:
    found = histories([0, 2, 0, 2], [0, 14, 0, 14], [70, 70, 70, 70])
    assert (found.x.tolist(), found.count.tolist()) == ([0, 2], [2, 2])
    assert (found.last.tolist(), found.age.tolist(), found.beyond.tolist()) == (
        [0, 2],
        [10, 10],
        [2, 2],
    )


@given(
    st.lists(st.tuples(st.integers(1, 500), st.floats(0.01, 1e6)), min_size=1, max_size=30),
    st.tuples(*[st.floats(0.05, 50)] * 3),
)
@settings(max_examples=60, deadline=None)
def test_gamma_gamma_is_smooth_everywhere(spent: Any, parameters: tuple[float, ...]) -> None:
    data, at = gg.spending(*zip(*spent, strict=True)), np.array(parameters)
    value, gradient, hessian = gg.surface(at, data)
    assert np.all(np.isfinite(hessian))
    for k in range(3):
        nudge = np.zeros(3)
        nudge[k] = 1e-5 * at[k]
        up, down = gg.surface(at + nudge, data), gg.surface(at - nudge, data)
        rounding = 1e-11 * (1 + abs(value)) / nudge[k]
        assert gradient[k] == pytest.approx(
            (up[0] - down[0]) / (2 * nudge[k]), rel=1e-4, abs=rounding
        )


def test_money_in_another_unit_changes_v_alone() -> None:
    random = np.random.default_rng(5)
    x = random.integers(1, 9, 3_000)
    mean = random.gamma(6 * x, 1 / random.gamma(4, 1 / 15, 3_000)) / x
    one, other = gg.fit(gg.spending(x, mean)), gg.fit(gg.spending(x, mean * 100))
    assert other.parameters == pytest.approx(one.parameters * [1, 1, 100], rel=1e-6)
    assert np.all(np.abs(one.parameters - [6, 4, 15]) < 4 * one.standard_errors)


def test_the_money_of_a_purchase_to_come_lies_between_the_customers_and_everybodys() -> None:
    parameters = (6.25, 3.74, 15.44)
    everybody = gg.expected(parameters, 0, 0)
    found = gg.expected(parameters, [1, 5, 50], [100, 100, 100])
    assert everybody < found[0] < found[1] < found[2] < 100
    with pytest.raises(ValueError, match="infinite"):
        gg.expected((6, 0.9, 15), 0, 0)


def test_nobodys_and_negative_spend_is_left_out() -> None:
    assert gg.spending([0, 1, 2, 3], [0.0, -5, 7, float("nan")]).x.tolist() == [2]
    with pytest.raises(ValueError, match="Nobody"):
        gg.fit(gg.spending([0], [0]))


def test_draws_are_the_same_for_the_same_seed_and_have_the_covariance() -> None:
    found = bg.fit(histories(*simulated(3_000, seed=2)))
    draws = found.draws(20_000, seed=7)
    assert np.array_equal(draws, found.draws(20_000, seed=7))
    assert np.cov(np.log(draws).T) == pytest.approx(found.log_covariance, rel=0.1, abs=1e-3)
    by_delta = delta_error(lambda p: np.log(ahead.expected(p, [52])), found)
    by_draws = np.std([np.log(ahead.expected(p, [52])[0]) for p in draws[:2_000]])
    assert by_delta == pytest.approx([by_draws], rel=0.1)

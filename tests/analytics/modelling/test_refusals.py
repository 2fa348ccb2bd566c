"""What is asked of models that cannot be answered, and odd input that can."""

import numpy as np
import pytest

from guanxi_analytics.modelling import beta_geometric as bg
from guanxi_analytics.modelling import gamma_gamma as gg
from guanxi_analytics.modelling import pareto_nbd
from guanxi_analytics.modelling.affinity import pairs
from guanxi_analytics.modelling.beta_geometric_ahead import expected_after
from guanxi_analytics.modelling.histories import histories
from guanxi_analytics.modelling.lifetime_value import Customers, Terms, values


def test_nobody_has_no_history() -> None:
    with pytest.raises(ValueError, match="no customers"):
        histories([], [], [])


@pytest.mark.parametrize("model", [bg.fit, pareto_nbd.fit])
def test_one_customer_tells_nothing_and_breaks_nothing(model) -> None:  # type: ignore[no-untyped-def]
    found = model(histories([3], [20], [40]))
    assert not found.is_settled
    assert np.all(np.isfinite(found.parameters))


def test_of_parameters_that_are_not_told_nothing_is_said() -> None:
    unsettled = bg.fit(histories([0] * 30, [0] * 30, range(1, 31)))
    with pytest.raises(ValueError, match="does not tell r, alpha, a, b"):
        unsettled.draws(10, seed=1)
    spend = gg.fit(gg.spending([1, 2, 3, 4] * 20, np.linspace(5, 90, 80)))
    with pytest.raises(ValueError, match="does not tell"):
        values(unsettled, spend, Customers.of([1], [1], [2], [10]), Terms(52, 0.1))


def test_customers_who_buy_every_day_for_years_are_no_trouble() -> None:
    random = np.random.default_rng(1)
    n = 500
    age = random.integers(2_000, 4_000, n)
    last = (age * random.random(n)).astype(int) + 1
    x = np.minimum(last, (last * random.random(n)).astype(int) + 1)
    for model in (bg.fit, pareto_nbd.fit):
        found = model(histories(x, last, age))
        assert np.all(np.isfinite(found.parameters))
        assert np.isfinite(found.log_likelihood)
    p = bg.fit(histories(x, last, age)).parameters
    assert np.all(np.isfinite(expected_after(p, x, last / 7, age / 7, 520)))


def test_horizons_without_end_are_refused() -> None:
    for horizon in (float("inf"), float("nan"), 10_000):
        with pytest.raises(ValueError, match="horizon"):
            Terms(horizon, 0.1)


def test_baskets_of_nothing_have_no_pairs() -> None:
    assert pairs([], []).baskets == 0
    assert len(pairs([0, 1], [5, 5]).both) == 0

"""Customer lifetime value: what must hold of its discount, horizon, margin and intervals."""

from typing import Any

import numpy as np
import pytest

from guanxi_analytics.modelling import beta_geometric as bg
from guanxi_analytics.modelling import gamma_gamma as gg
from guanxi_analytics.modelling.beta_geometric_ahead import expected_after
from guanxi_analytics.modelling.climbing import Fit
from guanxi_analytics.modelling.histories import histories
from guanxi_analytics.modelling.lifetime_value import Customers, Terms, discounted_purchases, values
from guanxi_analytics.modelling.outcomes import purchases_drawn, value_interval
from tests.analytics.data_sets import cdnow

YEAR = Terms(52, 0.1, 0.3)


@pytest.fixture(scope="module")
def fitted() -> tuple[Fit, Fit, Customers]:
    buyers = cdnow("CDNOW_sample.txt")
    buying = bg.fit(histories(buyers.x, buyers.last, buyers.age))
    spend = gg.fit(gg.spending(buyers.x, buyers.mean))
    return buying, spend, Customers.of(buyers.x, buyers.last / 7, buyers.age / 7, buyers.mean)


def test_without_a_discount_it_is_purchases_times_money_times_margin(fitted: Any) -> None:
    buying, spend, who = fitted
    found = values(buying, spend, who, Terms(52, 0, 0.3))
    purchases = expected_after(buying.parameters, who.x, who.last, who.age, 52)
    money = gg.expected(spend.parameters, who.x, who.mean)
    assert found.expected == pytest.approx(0.3 * purchases * money, rel=1e-9)


def test_a_discount_costs_what_the_calendar_says(fitted: Any) -> None:
    """Weekly sums discounted at mid-week are nearly the same as discounting each purchase at its moment."""
    buying, _, who = fitted
    weeks = [expected_after(buying.parameters, who.x, who.last, who.age, t) for t in range(53)]
    factors = 1.1 ** -((np.arange(52) + 0.5) / YEAR.in_a_year)
    by_week = factors @ np.diff(np.array(weeks), axis=0)
    found = discounted_purchases(buying.parameters, who, YEAR)
    assert found == pytest.approx(by_week, rel=1e-5)


def test_longer_horizons_higher_margins_and_lower_discounts_are_worth_more(fitted: Any) -> None:
    buying, spend, who = fitted
    base = values(buying, spend, who, YEAR).expected
    for terms in (Terms(104, 0.1, 0.3), Terms(52, 0.05, 0.3), Terms(52, 0.1, 0.4)):
        assert np.all(values(buying, spend, who, terms).expected > base)


def test_the_interval_is_about_the_value_and_narrows_with_more_customers(fitted: Any) -> None:
    buying, spend, who = fitted
    found = values(buying, spend, who, YEAR)
    assert np.all((found.low < found.expected) & (found.expected < found.high))
    whole = cdnow("CDNOW_master.txt.gz")
    more = bg.fit(histories(whole.x, whole.last, whole.age))
    money = gg.fit(gg.spending(whole.x, whole.mean))
    closer = values(more, money, who, YEAR)
    wide, narrow = np.log(found.high / found.low), np.log(closer.high / closer.low)
    assert np.median(narrow / wide) < 0.5


def test_the_interval_by_the_delta_method_is_that_of_draws(fitted: Any) -> None:
    buying, spend, who = fitted
    few = Customers(*(each[:200] for each in (who.x, who.last, who.age, who.mean)))
    draws = [
        discounted_purchases(one, few, YEAR) * gg.expected(other, few.x, few.mean)
        for one, other in zip(buying.draws(800, seed=1), spend.draws(800, seed=2), strict=True)
    ]
    by_draws = np.log(draws).std(axis=0)
    found = values(buying, spend, few, YEAR)
    by_delta = np.log(found.high / found.low) / (2 * 1.959964)
    assert np.median(by_delta / by_draws) == pytest.approx(1, abs=0.08)


def test_drawn_purchases_have_the_mean_that_is_expected_and_the_same_seed_the_same(
    fitted: Any,
) -> None:
    buying, _, who = fitted
    few = Customers(*(each[:300] for each in (who.x, who.last, who.age, who.mean)))
    found = purchases_drawn(buying, few, 39, count=3_000, seed=3)
    assert np.array_equal(found[:50], purchases_drawn(buying, few, 39, count=3_000, seed=3)[:50])
    expected = expected_after(buying.parameters, few.x, few.last, few.age, 39)
    assert found.mean() == pytest.approx(expected.mean(), rel=0.05)


def test_what_customers_went_on_to_buy_lies_in_their_interval_as_often_as_said(fitted: Any) -> None:
    """CDNOW, 39 weeks held out: notes say 96.9% of customers lie in the 95% interval."""
    buyers = cdnow("CDNOW_sample.txt")
    buying, _, who = fitted
    drawn = purchases_drawn(buying, who, 39, count=1_000, seed=4)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    covered = float(np.mean((buyers.later >= low) & (buyers.later <= high)))
    assert 0.94 < covered < 0.99


def test_an_outcome_scatters_more_than_its_expectation(fitted: Any) -> None:
    buying, spend, who = fitted
    few = Customers(*(each[:50] for each in (who.x, who.last, who.age, who.mean)))
    low, high = value_interval(buying, spend, few, YEAR, seed=5)
    again = value_interval(buying, spend, few, YEAR, seed=5)
    assert np.array_equal(low, again[0])
    found = values(buying, spend, few, YEAR)
    assert np.all((low <= found.low) & (high >= found.high))


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ((0, 0.1), "horizon"),
        ((52, -0.1), "discount"),
        ((52, 0.1, 0), "margin"),
        ((52, 0.1, 2), "margin"),
    ],
)
def test_terms_that_mean_nothing_are_refused(terms: tuple[float, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Terms(*terms)

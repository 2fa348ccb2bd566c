"""An independent oracle: the package lifetimes, on the whole of CDNOW. Its own warnings are its own."""

import numpy as np
import pandas as pd
import pytest

from guanxi_analytics.modelling import beta_geometric, gamma_gamma, pareto_nbd
from guanxi_analytics.modelling.beta_geometric_ahead import expected_after
from guanxi_analytics.modelling.histories import histories
from tests.analytics.data_sets import Buyers, cdnow

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def buyers() -> Buyers:
    return cdnow("CDNOW_master.txt.gz")


def test_bg_nbd_agrees(buyers: Buyers) -> None:
    from lifetimes import BetaGeoFitter

    weeks = (buyers.x, buyers.last / 7, buyers.age / 7)
    other = BetaGeoFitter().fit(*weeks)
    found = beta_geometric.fit(histories(buyers.x, buyers.last, buyers.age))
    assert found.parameters == pytest.approx(other.params_.to_numpy(), rel=2e-4)
    rows = slice(0, 500)
    p = other.params_.to_numpy()
    alive = other.conditional_probability_alive(*weeks)
    ahead = other.conditional_expected_number_of_purchases_up_to_time(39, *weeks)
    assert beta_geometric.alive(p, *weeks) == pytest.approx(np.asarray(alive), rel=1e-8)
    assert expected_after(p, *weeks, 39)[rows] == pytest.approx(np.asarray(ahead)[rows], rel=1e-6)
    ones = np.ones(len(buyers.x))
    theirs = -len(ones) * BetaGeoFitter._negative_log_likelihood(np.log(p), *weeks, ones, 0)
    data = histories(buyers.x, buyers.last, buyers.age)
    assert beta_geometric.surface(p, data)[0] == pytest.approx(theirs, rel=1e-10)
    assert found.log_likelihood >= theirs


def test_gamma_gamma_agrees(buyers: Buyers) -> None:
    from lifetimes import GammaGammaFitter

    kept = (buyers.x > 0) & (buyers.mean > 0)
    other = GammaGammaFitter().fit(buyers.x[kept], buyers.mean[kept])
    found = gamma_gamma.fit(gamma_gamma.spending(buyers.x, buyers.mean))
    p = other.params_.to_numpy()
    assert found.parameters == pytest.approx(p, rel=1e-3)
    expected = other.conditional_expected_average_profit(buyers.x[kept], buyers.mean[kept])
    assert gamma_gamma.expected(p, buyers.x[kept], buyers.mean[kept]) == pytest.approx(
        np.asarray(expected), rel=1e-9
    )


def test_pareto_nbd_agrees_at_the_same_parameters(buyers: Buyers) -> None:
    """Fitted by it the master set takes four seconds: its likelihood and predictions are compared instead."""
    from lifetimes import ParetoNBDFitter

    weeks = (buyers.x, buyers.last / 7, buyers.age / 7)
    data = histories(buyers.x, buyers.last, buyers.age)
    p = pareto_nbd.fit(data).parameters
    theirs = ParetoNBDFitter._conditional_log_likelihood(p, *weeks)
    assert pareto_nbd.surface(p, data)[0] == pytest.approx(float(np.sum(theirs)), abs=1e-4)
    other = ParetoNBDFitter()
    other.params_ = pd.Series(p, index=["r", "alpha", "s", "beta"])
    alive = other.conditional_probability_alive(*weeks)
    assert pareto_nbd.alive(p, *weeks) == pytest.approx(np.asarray(alive), rel=1e-6)

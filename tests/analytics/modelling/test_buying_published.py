"""Buy-till-you-die models print the published tables: CDNOW, a tenth of its customers, weeks until 1997-09-30.

Sources: Fader, Hardie and Lee 2005, Marketing Science 24(2) and JMR 42(4); Fader and Hardie 2013, note 025; the walkthrough
of R's BTYD; tests/testthat of R's CLVTools. Figures of the whole master set are regression values on which three
independent implementations agree.
"""

import numpy as np
import pytest

from guanxi_analytics.modelling import beta_geometric_ahead, gamma_gamma, pareto_nbd
from guanxi_analytics.modelling.beta_geometric import MBG_NBD, alive
from guanxi_analytics.modelling.beta_geometric import fit as fit_beta_geometric
from guanxi_analytics.modelling.climbing import Fit
from guanxi_analytics.modelling.histories import Histories, histories
from tests.analytics.data_sets import Buyers, cdnow

SAMPLE, MASTER = "CDNOW_sample.txt", "CDNOW_master.txt.gz"
# What the walkthrough of BTYD predicts with.
BTYD = (0.2425982, 4.4136842, 0.7929899, 2.4261667)


def told(buyers: Buyers) -> Histories:
    return histories(buyers.x, buyers.last, buyers.age)


def prints(found: Fit, *texts: str) -> None:
    """Each parameter to half a unit of the last digit that was published."""
    for value, text in zip(found.parameters, texts, strict=True):
        assert value == pytest.approx(float(text), abs=half_unit(text)), (found.names, text)


def half_unit(text: str) -> float:
    return 0.5 * float(10.0 ** -len(text.partition(".")[2]))


def test_the_data_are_those_that_were_published() -> None:
    assert (cdnow(SAMPLE).x.sum(), cdnow(MASTER).x.sum()) == (2_457, 24_337)
    assert (len(cdnow(SAMPLE).x), len(cdnow(MASTER).x)) == (2_357, 23_570)


def test_bg_nbd_prints_its_table() -> None:
    found = fit_beta_geometric(told(cdnow(SAMPLE)))
    prints(found, "0.243", "4.414", "0.793", "2.426")
    assert found.parameters == pytest.approx([0.2425945, 4.4136019, 0.7929199, 2.4258881], rel=1e-5)
    assert found.log_likelihood == pytest.approx(-9582.429, abs=1e-3)
    assert found.is_settled


def test_pareto_nbd_prints_its_table_and_its_standard_errors() -> None:
    found = pareto_nbd.fit(told(cdnow(SAMPLE)))
    prints(found, "0.553", "10.578", "0.606", "11.669")
    assert found.log_likelihood == pytest.approx(-9594.976, abs=1e-3)
    errors = [0.0476264, 0.8427222, 0.1872594, 6.2105448]  # CLVTools
    assert found.standard_errors == pytest.approx(errors, rel=1e-3)


def test_gamma_gamma_prints_its_table() -> None:
    buyers = cdnow(SAMPLE)
    found = gamma_gamma.fit(gamma_gamma.spending(buyers.x, buyers.mean))
    prints(found, "6.25", "3.74", "15.44")
    assert found.log_likelihood == pytest.approx(-4055.9177, abs=1e-3)


def test_mbg_nbd_agrees_with_lifetimes() -> None:
    found = fit_beta_geometric(told(cdnow(SAMPLE)), MBG_NBD)
    assert found.parameters == pytest.approx([0.52484, 6.18308, 0.89136, 1.61400], abs=6e-6)
    assert found.log_likelihood == pytest.approx(-9582.1357, abs=1e-3)


def test_the_master_set_gives_what_three_implementations_agree_on() -> None:
    buyers = cdnow(MASTER)
    found = fit_beta_geometric(told(buyers))
    assert found.parameters == pytest.approx(
        [0.25162396, 4.78894296, 0.72343358, 2.16108836], rel=1e-6
    )
    assert found.log_likelihood == pytest.approx(-95368.44393316, abs=1e-5)
    other = pareto_nbd.fit(told(buyers))
    assert other.parameters == pytest.approx([0.59742, 11.58567, 0.52218, 8.82773], rel=2e-5)
    assert other.log_likelihood == pytest.approx(-95415.1186, abs=1e-3)
    money = gamma_gamma.fit(gamma_gamma.spending(buyers.x, buyers.mean))
    assert money.parameters == pytest.approx([6.27536, 3.62445, 14.98369], rel=2e-6)
    assert money.log_likelihood == pytest.approx(-40763.4763, abs=1e-3)


def test_bg_nbd_predicts_what_the_walkthrough_does() -> None:
    assert beta_geometric_ahead.expected(BTYD, [52])[0] == pytest.approx(1.444004, abs=1.5e-6)
    found = beta_geometric_ahead.expected_after(BTYD, 26, 216 / 7, 31, 52)
    assert found == pytest.approx([25.75659], rel=4e-6)  # as many digits as its parameters have
    assert alive(BTYD, 26, 216 / 7, 31) == pytest.approx(0.9688523, rel=4e-6)


def test_pareto_nbd_predicts_what_the_walkthrough_does() -> None:
    p = pareto_nbd.fit(told(cdnow(SAMPLE))).parameters
    assert pareto_nbd.expected(p, 52) == pytest.approx(1.473434, abs=0.5e-6)
    # β lies on a flat ridge: the walkthrough's own is 11.656, and what hangs on it has four digits.
    assert pareto_nbd.expected_after(p, 26, 216 / 7, 31, 52) == pytest.approx([25.45647], rel=1e-4)
    assert pareto_nbd.alive(p, 26, 216 / 7, 31) == pytest.approx([0.997874], rel=1e-5)


@pytest.mark.parametrize(
    ("x", "bg", "pareto"),
    [
        (10, 0.3474606, 0.7062289), (15, 0.04283391, 0.1442396), (20, 0.004158973, 0.02250658),
        (25, 0.0003583685, 0.00309267),
    ],
)  # fmt: skip
def test_who_bought_often_and_then_not_will_buy_less(x: int, bg: float, pareto: float) -> None:
    """The increasing frequency paradox: last purchase in week 20 of 39, 52 weeks ahead."""
    assert beta_geometric_ahead.expected_after(BTYD, x, 20, 39, 52) == pytest.approx([bg], rel=1e-5)
    p = pareto_nbd.fit(told(cdnow(SAMPLE))).parameters
    assert pareto_nbd.expected_after(p, x, 20, 39, 52) == pytest.approx([pareto], rel=1e-3)


def by_repeats(buyers: Buyers, figure: np.ndarray) -> list[float]:
    """Means by 0, 1, … and 7 or more repeats."""
    kind = np.minimum(buyers.x, 7)
    return [float(figure[kind == k].mean()) for k in range(8)]


def test_the_weeks_that_followed_are_forecast_as_published() -> None:
    buyers = cdnow(SAMPLE)
    assert np.bincount(np.minimum(buyers.x, 7)).tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    actual = [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359]
    assert by_repeats(buyers, buyers.later) == pytest.approx(actual, abs=0.5e-3)
    told_of = (buyers.x, buyers.last / 7, buyers.age / 7)
    bg = fit_beta_geometric(told(buyers)).parameters
    expected = [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157]
    found = by_repeats(buyers, beta_geometric_ahead.expected_after(bg, *told_of, 39))
    assert found == pytest.approx(expected, abs=0.5e-3)
    pareto = pareto_nbd.fit(told(buyers)).parameters
    expected = [0.138, 0.600, 1.196, 1.714, 2.399, 2.907, 3.819, 6.403]
    found = by_repeats(buyers, pareto_nbd.expected_after(pareto, *told_of, 39))
    assert found == pytest.approx(expected, abs=1.1e-3)  # the ridge again

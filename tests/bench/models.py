"""How fast customers' models are fitted: CDNOW's master set beside the package lifetimes, in turns, and a million
simulated customers."""

import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from guanxi_analytics.modelling import beta_geometric, gamma_gamma, pareto_nbd
from guanxi_analytics.modelling.histories import histories
from tests.analytics.data_sets import Buyers, cdnow, folder_of
from tests.analytics.modelling.buying import simulated
from tests.bench import goals
from tests.bench.report import Row

ORACLE = "lifetimes"
TURNS = 3
MILLION = 1_000_000
Pair = tuple[Callable[[], Any], Callable[[], Any]]


def measure_models() -> Iterator[Row]:
    yield million()
    if not folder_of("cdnow").is_dir():
        raise FileNotFoundError("the data set cdnow is not here: put it under GUANXI_DATASETS")
    buyers = cdnow("CDNOW_master.txt.gz")
    yield _row(
        "models: BG/NBD and Gamma-Gamma, CDNOW",
        buying_and_spending,
        buyers,
        goals.BUYING_AND_SPENDING,
    )
    yield _row("models: Pareto/NBD, CDNOW", pareto, buyers, goals.PARETO, turns=1)


def million() -> Row:
    told = simulated(MILLION, seed=1)
    seconds = min(_seconds(lambda: beta_geometric.fit(histories(*told))) for _ in range(TURNS))
    distinct = len(histories(*told).x)
    return Row(
        "models: BG/NBD, a million customers", seconds, "s", goal=goals.MILLION_SECONDS,
        details={"distinct histories": distinct},
    )  # fmt: skip


def _row(
    name: str,
    pair: Callable[[Buyers], Pair],
    buyers: Buyers,
    goal: goals.Goal,
    *,
    turns: int = TURNS,
) -> Row:
    ours, theirs = pair(buyers)
    ours()  # what is imported and reserved once
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's own
        times = [(_seconds(ours), _seconds(theirs)) for _ in range(turns)]
    own, other = (min(each) for each in zip(*times, strict=True))
    details = {"ms": round(own * 1e3, 2), f"ms of {ORACLE}": round(other * 1e3, 2)}
    return Row(name, 1 / own, "fits/s", share=other / own, of=ORACLE, goal=goal, details=details)


def buying_and_spending(buyers: Buyers) -> Pair:
    """From the customers' figures to both models' parameters."""
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    weeks = (buyers.x, buyers.last / 7, buyers.age / 7)
    spent = (buyers.x > 0) & (buyers.mean > 0)

    def ours() -> None:
        beta_geometric.fit(histories(buyers.x, buyers.last, buyers.age))
        gamma_gamma.fit(gamma_gamma.spending(buyers.x, buyers.mean))

    def theirs() -> None:
        BetaGeoFitter().fit(*weeks)
        GammaGammaFitter().fit(buyers.x[spent], buyers.mean[spent])

    return ours, theirs


def pareto(buyers: Buyers) -> Pair:
    from lifetimes import ParetoNBDFitter

    weeks = (buyers.x, buyers.last / 7, buyers.age / 7)
    return (
        lambda: pareto_nbd.fit(histories(buyers.x, buyers.last, buyers.age)),
        lambda: ParetoNBDFitter().fit(*weeks),
    )


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began

"""From purchase days to a fitted model, its past error and each customer's outlook. Runs in a process of its own."""

import os
from multiprocessing.connection import Connection as Pipe
from typing import Any, Final

import numpy as np

from guanxi_analytics.fitting import testing
from guanxi_analytics.fitting.watching import Day, PurchaseDays, Watched
from guanxi_analytics.modelling import beta_geometric, beta_geometric_ahead, gamma_gamma
from guanxi_analytics.modelling.climbing import Fit
from guanxi_analytics.modelling.histories import histories
from guanxi_analytics.modelling.lifetime_value import Customers, Terms, values

YEAR_WEEKS: Final = 52
LEAST_SPENDERS: Final = 50


def serve(pipe: Pipe) -> None:
    """What was asked, then pages of purchase days until None; one answer."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    try:
        asked: dict[str, Any] = pipe.recv()
        days: list[Day] = []
        while (page := pipe.recv()) is not None:
            days += page
        pipe.send(learn(PurchaseDays.of(days), **asked))
    except (EOFError, BrokenPipeError):
        return  # whoever asked has gone


def learn(days: PurchaseDays, *, until: int, discount: float, margin: float) -> dict[str, Any]:
    """`until` is the ordinal of the last day watched; `margin` what share of revenue stays. The answer has `verdict`,
    `sentence`, `customers`, `buying_again`, `first`; fitted, `found` too; worth using, `outlooks`."""
    watched = days.watched(until)
    answer: dict[str, Any] = {
        "customers": len(watched.x), "buying_again": int(np.count_nonzero(watched.x)),
        "first": days.first_day if len(days.day) else None, "found": {}, "outlooks": [],
    }  # fmt: skip
    weeks = (until - answer["first"]) / testing.WEEK if answer["first"] is not None else 0.0
    if (sentence := testing.refusal(watched, weeks)) is not None:
        return answer | {"verdict": "refused", "sentence": sentence}
    fit = beta_geometric.fit(histories(watched.x, watched.last, watched.age, unit=testing.WEEK))
    if not fit.is_settled:
        told = "The purchases do not tell the model's parameters apart: it is not used."
        return answer | {"verdict": "no_better", "sentence": told}
    answer["found"] = {"buying": described(fit)} | _tested(days, until)
    verdict, sentence = testing.verdict(answer["found"]["backtest"])
    answer |= {"verdict": verdict, "sentence": sentence}
    if verdict != "no_better":
        terms = Terms(float(min(YEAR_WEEKS, int(weeks))), discount, margin)
        answer |= _outlooks(days, until, watched, fit, terms, answer["found"])
    return answer


def described(fit: Fit) -> dict[str, Any]:
    errors = {n: float(e) for n, e in zip(fit.names, fit.standard_errors, strict=True)}
    return {
        "parameters": fit.as_dict(), "log_likelihood": fit.log_likelihood, "customers": fit.customers,
        "standard_errors": {n: e if np.isfinite(e) else None for n, e in errors.items()},
    }  # fmt: skip


def _tested(days: PurchaseDays, until: int) -> dict[str, Any]:
    at, horizon = testing.origins(days.first_day, until)
    trials = [one for origin in at if (one := testing.trial(days, origin, horizon)) is not None]
    return {
        "horizon_weeks": horizon,
        "backtest": [{"origin": one.origin, **testing.scored(one)} for one in trials],
        "calibration": testing.calibration(trials[0]) if trials else [],
    }


def _outlooks(
    days: PurchaseDays, until: int, watched: Watched, fit: Fit, terms: Terms, found: dict[str, Any]
) -> dict[str, Any]:
    """For each customer: id, repeats, first and last day, P(alive), purchases within the horizon, and their value with its interval."""
    x, last, age = watched.x, watched.last / testing.WEEK, watched.age / testing.WEEK
    alive = beta_geometric.alive(fit.parameters, x, last, age)
    ahead = beta_geometric_ahead.expected_after(fit.parameters, x, last, age, terms.horizon)
    spending = gamma_gamma.spending(x, watched.mean)
    columns: list[list[float | None]] = [[None] * len(x)] * 3
    if len(spending.x) >= LEAST_SPENDERS and (spend := gamma_gamma.fit(spending)).is_settled:
        found["spending"] = described(spend) | {
            "dependence": float(gamma_gamma.dependence(spending.x, spending.mean))
        }
        value = values(fit, spend, Customers.of(x, last, age, watched.mean), terms)
        columns = [list(map(float, each)) for each in (value.expected, value.low, value.high)]
    ids = [days.ids[n] for n in watched.customer]
    first = until - watched.age
    history = (map(int, each) for each in (watched.x, first, first + watched.last))
    rows = zip(ids, *history, map(float, alive), map(float, ahead), *columns, strict=True)
    return {"outlooks": list(rows), "horizon": terms.horizon}

"""From purchase days to a fitted model, its past error and each customer's outlook. Runs in a process of its own."""

import os
from collections.abc import Mapping
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


def learn(
    days: PurchaseDays, *, until: int, discount: float, margins: Mapping[str, float | None]
) -> dict[str, Any]:
    """`until` is the ordinal of the last day watched; `margins` what share of revenue stays, by currency. The answer has
    `verdict`, `sentence`, `customers`, `buying_again`, `first`; fitted, `found` too; worth using, `outlooks`."""
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
        horizon = float(min(YEAR_WEEKS, int(weeks)))
        money, answer["found"]["spending"] = _money(days, watched, fit, horizon, discount, margins)
        answer["outlooks"] = _outlooks(days, until, watched, fit, horizon, money)
        answer["horizon"] = horizon
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


def _money(
    days: PurchaseDays, watched: Watched, fit: Fit, horizon: float, discount: float,
    margins: Mapping[str, float | None],
) -> tuple[list[list[float | None]], dict[str, Any]]:  # fmt: skip
    """The value, low and high of each customer, of those who bought in one currency; and what was fitted in each."""
    columns: list[list[float | None]] = [[None] * len(watched.x) for _ in range(3)]
    fits: dict[str, Any] = {}
    for place, currency in enumerate(days.currencies):
        own = np.flatnonzero(watched.currency == place)
        x, mean = watched.x[own], watched.mean[own]
        spending = gamma_gamma.spending(x, mean)
        if len(spending.x) < LEAST_SPENDERS:
            continue
        spend = gamma_gamma.fit(spending)
        if not spend.is_settled:
            continue
        dependence = float(gamma_gamma.dependence(spending.x, spending.mean))
        fits[currency] = described(spend) | {"dependence": dependence}
        last, age = watched.last[own] / testing.WEEK, watched.age[own] / testing.WEEK
        terms = Terms(horizon, discount, margins.get(currency) or 1.0)
        value = values(fit, spend, Customers.of(x, last, age, mean), terms)
        for column, found in zip(columns, (value.expected, value.low, value.high), strict=True):
            for n, amount in zip(own, found, strict=True):
                column[n] = float(amount)
    return columns, fits


def _outlooks(
    days: PurchaseDays, until: int, watched: Watched, fit: Fit, horizon: float,
    money: list[list[float | None]],
) -> list[tuple[Any, ...]]:  # fmt: skip
    """For each customer: id, currency, repeats, first and last day, P(alive), purchases within the horizon, and
    their value with its interval."""
    x, last, age = watched.x, watched.last / testing.WEEK, watched.age / testing.WEEK
    alive = beta_geometric.alive(fit.parameters, x, last, age)
    ahead = beta_geometric_ahead.expected_after(fit.parameters, x, last, age, horizon)
    ids = [days.ids[n] for n in watched.customer]
    first = until - watched.age
    history = (map(int, each) for each in (x, first, first + watched.last))
    currencies = days.latest_currency(watched.customer, until)
    floats = (map(float, each) for each in (alive, ahead))
    return list(zip(ids, currencies, *history, *floats, *money, strict=True))

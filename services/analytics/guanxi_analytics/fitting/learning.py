"""From purchase days to a fitted model, its past error and each customer's outlook. Runs in a process of its own."""

import os
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection as Pipe
from typing import Any, Final

import numpy as np

from guanxi_analytics.fitting import together
from guanxi_analytics.fitting.proving import WEEK, proved
from guanxi_analytics.fitting.purchases import Day, Purchases
from guanxi_analytics.modelling import beta_geometric, beta_geometric_ahead, gamma_gamma
from guanxi_analytics.modelling.climbing import Fit
from guanxi_analytics.modelling.floors import BUYING, SPENDING, refusal
from guanxi_analytics.modelling.histories import histories
from guanxi_analytics.modelling.lifetime_value import (
    Customers,
    Terms,
    discounted_purchases,
    values,
)
from guanxi_analytics.modelling.passport import drift
from guanxi_analytics.modelling.purchase_days import Known

YEAR_WEEKS: Final = 52
LEAST_WEEKS: Final = 26  # of purchases, to be tested against
Columns = list[list[float | None]]


def serve(pipe: Pipe) -> None:
    """What was asked, then pages of purchase days until None; one answer."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    try:
        asked: dict[str, Any] = pipe.recv()
        others = asked.pop("others")
        days: list[Day] = []
        while (page := pipe.recv()) is not None:
            days += page
        pipe.send(learn(Purchases.of(days), **asked) | {"others": together.learn(**others)})
    except (EOFError, BrokenPipeError):
        return  # whoever asked has gone


def learn(
    purchases: Purchases, *, until: int, discount: float, margins: Mapping[str, float | None],
    before: Sequence[float] = (),
) -> dict[str, Any]:  # fmt: skip
    """`until` is the ordinal of the last day watched; `margins` what share of revenue stays, by currency; `before` the
    P(alive) of the fit before. The answer has `verdict`, `sentence`, `customers`, `buying_again`, `first`; fitted, `found`
    too; worth using, `outlooks`."""
    known = purchases.days.known_on(until)
    first = int(purchases.days.day.min()) if len(purchases.days.day) else None
    answer: dict[str, Any] = {
        "customers": len(known.x), "buying_again": int(np.count_nonzero(known.x)), "first": first,
        "found": {}, "outlooks": [],
    }  # fmt: skip
    weeks = 0.0 if first is None else (until - first) / WEEK
    if (sentence := _refusal(answer, weeks)) is not None:
        return answer | {"verdict": "refused", "sentence": sentence}
    fit = beta_geometric.fit(histories(known.x, known.last, known.age, unit=WEEK))
    if not fit.is_settled:
        told = "The purchases do not tell the model's parameters apart: it is not used."
        return answer | {"verdict": "refused", "sentence": told}
    figures, verdict, sentence = proved(purchases.days, until)
    answer["found"] = {"buying": described(fit)} | figures
    answer |= {"verdict": verdict, "sentence": sentence}
    if verdict in ("use", "weak"):
        horizon = float(min(YEAR_WEEKS, int(weeks)))
        money, answer["found"]["spending"] = _money(
            purchases, known, fit, horizon, discount, margins
        )
        answer["outlooks"], alive = _outlooks(purchases, known, fit, horizon, money)
        answer["horizon"] = horizon
        if before:
            answer["found"]["score_drift"] = round(drift(before, alive), 4)
    return answer


def _refusal(answer: Mapping[str, Any], weeks: float) -> str | None:
    if (sentence := refusal(BUYING, answer["customers"], answer["buying_again"])) is not None:
        return sentence
    if weeks < LEAST_WEEKS:
        return f"It takes {LEAST_WEEKS} weeks of purchases to be tested against; there are {weeks:.0f}."
    return None


def described(fit: Fit) -> dict[str, Any]:
    errors = {n: float(e) for n, e in zip(fit.names, fit.standard_errors, strict=True)}
    return {
        "parameters": fit.as_dict(), "log_likelihood": fit.log_likelihood, "customers": fit.customers,
        "standard_errors": {n: e if np.isfinite(e) else None for n, e in errors.items()},
    }  # fmt: skip


def _money(
    purchases: Purchases, known: Known, fit: Fit, horizon: float, discount: float,
    margins: Mapping[str, float | None],
) -> tuple[Columns, dict[str, Any]]:  # fmt: skip
    """Of each customer who bought in one currency: the value, its low and high, and what it would be if they came back
    today; and what was fitted in each currency."""
    means, currency = purchases.spent(known)
    columns: Columns = [[None] * len(known.x) for _ in range(4)]
    fits: dict[str, Any] = {}
    for place, spelt in enumerate(purchases.currencies):
        own = np.flatnonzero(currency == place)
        x, mean = known.x[own], means[own]
        spending = gamma_gamma.spending(x, mean)
        if refusal(SPENDING, len(spending.x)) is not None:
            continue
        spend = gamma_gamma.fit(spending)
        if not spend.is_settled:
            continue
        dependence = float(gamma_gamma.dependence(spending.x, spending.mean))
        fits[spelt] = described(spend) | {"dependence": dependence}
        last, age = known.last[own] / WEEK, known.age[own] / WEEK
        terms = Terms(horizon, discount, margins.get(spelt) or 1.0)
        value = values(fit, spend, Customers.of(x, last, age, mean), terms)
        again = _if_back(fit, spend, x, age, mean, terms)
        for column, found in zip(
            columns, (value.expected, value.low, value.high, again), strict=True
        ):
            for n, amount in zip(own, found, strict=True):
                column[n] = float(amount)
    return columns, fits


def _if_back(fit: Fit, spend: Fit, x: Any, age: Any, mean: Any, terms: Terms) -> Any:
    """A purchase today, as dear as theirs are, and what would come after it."""
    back = Customers.of(x + 1, age, age, mean)
    after = discounted_purchases(fit.parameters, back, terms)
    money = gamma_gamma.expected(spend.parameters, x, mean)
    return terms.margin * money * (1 + after)


def _outlooks(
    purchases: Purchases, known: Known, fit: Fit, horizon: float, money: Columns
) -> tuple[list[tuple[Any, ...]], Any]:
    """For each customer: id, currency, repeats, first and last day, P(alive), purchases within the horizon, and
    their value with its interval and if they came back; P(alive) once more, of all."""
    x, last, age = known.x, known.last / WEEK, known.age / WEEK
    alive = beta_geometric.alive(fit.parameters, x, last, age)
    ahead = beta_geometric_ahead.expected_after(fit.parameters, x, last, age, horizon)
    ids = [purchases.ids[n] for n in known.customer]
    first = known.origin - known.age
    history = (map(int, each) for each in (x, first, first + known.last))
    floats = (map(float, each) for each in (alive, ahead))
    currencies = purchases.latest_currency(known)
    return list(zip(ids, currencies, *history, *floats, *money, strict=True)), alive

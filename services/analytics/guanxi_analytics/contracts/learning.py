"""What a life table of terms says: retention as it was and by sorting alone, its past error, renewals to come. Runs in the process
beside."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson

from guanxi_analytics.fitting.proving import described
from guanxi_analytics.modelling import life_table
from guanxi_analytics.modelling.climbing import Fit, Vector, delta_error
from guanxi_analytics.modelling.contract_back_test import NAMED, HeldOut, held_out
from guanxi_analytics.modelling.floors import CONTRACTS, refusal
from guanxi_analytics.modelling.shifted_beta_geometric import (
    fit,
    residual_lifetime,
    retention,
    sorting_or_change,
    survival,
)

SEED: Final = 20_262
DRAWS: Final = 2_000
DIGITS: Final = 5
TENURES: Final = 36
SORTING: Final = 0.05
ALIKE: Final = f"These terms tell no customers who leave more easily than others: the model comes out as {NAMED}."
Block = Mapping[str, Any]


def learn_retention(blocks: Sequence[Block], discount: float, train: int | None) -> bytes:
    """Of each block `at_risk` and `lost`, by term from the first; `years` is how long a term is."""
    found = [learn_block(block, discount, train) for block in blocks]
    return orjson.dumps(found)


def learn_block(block: Block, discount: float, train: int | None) -> dict[str, Any]:
    """`judgement` and `calibration` as passports have them."""
    at_risk, lost = np.array(block["at_risk"], float), np.array(block["lost"], float)
    answer: dict[str, Any] = {
        "observed": _told(survivors=life_table.survival(at_risk, lost)), "fitted": None, "sorting": None,
        "backtest": None, "lifetime": [], "parameters": None, "judgement": None, "calibration": [],
    }  # fmt: skip
    there = (int(at_risk[0]) if len(at_risk) else 0, len(at_risk), int(lost.sum()))
    if (sentence := refusal(CONTRACTS, *there)) is not None:
        return answer | {"verdict": "refused", "sentence": sentence}
    whole = fit(at_risk, lost)
    p, differences = sorting_or_change(whole.parameters, at_risk, lost)
    answer["sorting"] = _sorting(whole, at_risk, lost, p, differences)
    if not whole.is_settled:
        return answer | {"verdict": "no_better", "sentence": ALIKE}
    answer |= {
        "parameters": _fitted(whole),
        "fitted": _told(
            survivors=_curve(whole, len(at_risk)), retention=(retention(whole.parameters, len(at_risk)),)
        ),
    }  # fmt: skip
    try:
        past = held_out(at_risk, lost, train or (len(at_risk) + 1) // 2)
    except ValueError as error:
        return answer | {"verdict": "refused", "sentence": f"It was not tried on the past. {error}"}
    if past.verdict != "no_better":
        answer["lifetime"] = _lifetime(whole, len(at_risk), (1 + discount) ** block["years"] - 1)
    if past.judgement is not None:
        answer["judgement"], answer["calibration"] = described(past.judgement)
    return answer | {"backtest": _past(past), "verdict": past.verdict, "sentence": _sentence(past)}


def _fitted(found: Fit) -> dict[str, Any]:
    errors = zip(found.names, found.standard_errors, strict=True)
    return {
        "values": {name: round(value, DIGITS) for name, value in found.as_dict().items()},
        "standard_errors": {name: round(float(each), DIGITS) for name, each in errors},
        "log_likelihood": round(found.log_likelihood, DIGITS), "contracts": found.customers,
    }  # fmt: skip


def _curve(found: Fit, terms: int) -> tuple[Vector, Vector, Vector]:
    """Survivors with what 95 of 100 sets of parameters say that the data allow."""
    drawn = np.stack([survival(each, terms)[1:] for each in found.draws(DRAWS, seed=SEED)])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return survival(found.parameters, terms)[1:], low, high


def _sorting(found: Fit, at_risk: Vector, lost: Vector, p: float, apart: Vector) -> dict[str, Any]:
    first, last = (int(n) for n in np.flatnonzero(at_risk >= 10)[[0, -1]])
    seen, said = 1 - lost / np.maximum(at_risk, 1), retention(found.parameters, len(at_risk))
    told = (
        f"Retention was {seen[first]:.1%} at the end of term {first + 1} and {seen[last]:.1%} at the end of term {last + 1};"
        f" if nobody changed and those who leave easily left first, {said[first]:.1%} and {said[last]:.1%}."
    )
    if p < SORTING:
        worst = int(np.abs(apart).argmax())
        more = "more" if apart[worst] > 0 else "fewer"
        told += f" That is not all of it (p {p:.4f}): something changed, or customers are of more kinds; most at term {worst + 1}, where {more} stayed."
    else:
        told += f" Sorting alone explains it (p {p:.3f}): that retention rises with age does not show that anybody became more loyal."
    return {
        "p": round(p, DIGITS), "is_enough": p >= SORTING, "differences": _list(apart), "sentence": told
    }  # fmt: skip


def _lifetime(found: Fit, terms: int, discount: float) -> list[dict[str, Any]]:
    """For each term that a customer may be in: renewals to come, discounted, the next one at its full worth; with the interval of
    the expectation, on the scale of its logarithm."""
    n = np.arange(1, min(terms + 1, TENURES) + 1)
    value = residual_lifetime(found.parameters, n, discount)
    error = delta_error(lambda p: np.log(residual_lifetime(p, n, discount)), found)
    low, high = value * np.exp(-life_table.Z * error), value * np.exp(life_table.Z * error)
    rows = zip(n, value, low, high, strict=True)
    return [
        {"term": int(n), "renewals": _short(v), "low": _short(a), "high": _short(b)}
        for n, v, a, b in rows
    ]


def _past(past: HeldOut) -> dict[str, Any]:
    curves = (past.observed, past.foretold, past.by_constant)
    return {
        "trained_on": past.trained_on, "parameters": {n: _short(v) for n, v in past.parameters.items()},
        "baseline": NAMED, "constant": _short(past.constant),
        "terms": [
            {"n": past.trained_on + n, "observed": _short(a), "foretold": _short(b), "by_constant": _short(c)}
            for n, (a, b, c) in enumerate(zip(*curves, strict=True), 1)
        ],
        "error": _short(past.error), "error_of_constant": _short(past.error_of_constant), "gain": [round(each, 7) for each in past.gain],
    }  # fmt: skip


def _sentence(past: HeldOut) -> str:
    last = past.trained_on + len(past.observed)
    told = (
        f"Fitted on the first {past.trained_on} terms it was {past.error:.1%} off the share of survivors of terms"
        f" {past.trained_on + 1} to {last} on average, {NAMED} {past.error_of_constant:.1%}."
    )
    return told + {
        "use": " Case by case it is nearer beyond chance.",
        "weak": " Case by case that may be chance.",
        "no_better": " It is no better.",
    }[past.verdict]  # fmt: skip


def _told(**curves: tuple[Vector, ...]) -> dict[str, Any]:
    names = ("value", "low", "high")
    return {
        what: {name: _list(each) for name, each in zip(names, own, strict=False)}
        for what, own in curves.items()
    }


def _list(values: Vector) -> list[float | None]:
    return [_short(each) for each in values]


def _short(value: Any) -> float | None:
    return round(float(value), DIGITS) if np.isfinite(value) else None

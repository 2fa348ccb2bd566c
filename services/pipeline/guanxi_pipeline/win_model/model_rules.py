"""The probability that a learnt model gives, and what moved it: a dot product in plain Python. Pure.

    raw         = intercept + Σ weight · (value - mean)
    log-odds    = offset + slope · raw          slope >= 0: the calibration never turns the order round
                                                (Platt 1999)
    probability = 1 / (1 + e^-log-odds)

The base is the average deal (every term at its mean). Because calibration is linear in log-odds, each group
of terms has an effect of its own, and they add up: base + Σ effects = log-odds, exactly, in six digits.
Percentage points are taken one after the other in the order of the effects' size, so they add up, too:
base + Σ points = probability, exactly, in two digits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from math import exp
from typing import Any

from guanxi_pipeline.win_model.term_rules import Facts, Term, by_group, centred

LEAST, MOST = Decimal("0.01"), Decimal("99.99")  # an open deal is neither won nor lost
SIX, TWO = Decimal("0.000001"), Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Model:
    """`weights` stand beside `terms`; `slope` and `offset` are the calibration."""

    intercept: float
    terms: tuple[Term, ...]
    weights: tuple[float, ...]
    slope: float
    offset: float

    def as_json(self) -> dict[str, Any]:
        terms = [
            {"group": t.group, "key": t.key, "mean": t.mean, "centre": t.centre, "scale": t.scale,
             "weight": weight}
            for t, weight in zip(self.terms, self.weights, strict=True)
        ]  # fmt: skip
        return {
            "intercept": self.intercept, "terms": terms,
            "calibration": {"slope": self.slope, "offset": self.offset},
        }  # fmt: skip


def model_from(stored: Mapping[str, Any]) -> Model:
    terms = stored["terms"]
    return Model(
        intercept=stored["intercept"],
        terms=tuple(Term(t["group"], t["key"], t["mean"], t["centre"], t["scale"]) for t in terms),
        weights=tuple(t["weight"] for t in terms),
        slope=stored["calibration"]["slope"],
        offset=stored["calibration"]["offset"],
    )


def calibrated(raw: float, *, slope: float, offset: float) -> float:
    """A share from raw log-odds: never falling in `raw`, because a slope below 0 counts as 0."""
    return sigmoid(offset + max(0.0, slope) * raw)


def sigmoid(x: float) -> float:
    if x >= 0:
        return 1 / (1 + exp(-min(x, 700.0)))
    return exp(max(x, -700.0)) / (1 + exp(max(x, -700.0)))


def answer(model: Model, facts: Facts, shown: Mapping[str, Any]) -> dict[str, Any]:
    """probability and base in percent and log-odds, and the evidence, the strongest first; `shown` has
    what each group says as a person reads it."""
    effects = [(group, effect) for group, effect in _effects(model, facts) if effect]
    effects.sort(key=lambda each: (-abs(each[1]), each[0]))
    base = _six(model.offset + max(0.0, model.slope) * model.intercept)
    at, evidence = base, []
    for group, effect in effects:
        points = percent_of(at + effect) - percent_of(at)
        at += effect
        evidence.append(
            {"term": group, "value": shown.get(group), "log_odds": float(effect),
             "points": float(points)}
        )  # fmt: skip
    return {
        "probability": float(percent_of(at)), "log_odds": float(at),
        "base_probability": float(percent_of(base)), "base_log_odds": float(base),
        "evidence": evidence,
    }  # fmt: skip


def _effects(model: Model, facts: Facts) -> list[tuple[str, Decimal]]:
    places = by_group(model.terms)
    values = centred(facts, places)
    slope = max(0.0, model.slope)
    return [
        (group, _six(slope * sum(model.weights[p] * values.get(p, 0.0) for p, _ in keys.values())))
        for group, keys in places.items()
    ]


def percent_of(log_odds: Decimal) -> Decimal:
    """Two digits, between 0.01 and 99.99."""
    share = Decimal(sigmoid(float(log_odds))) * 100
    return min(MOST, max(LEAST, share.quantize(TWO, rounding=ROUND_HALF_EVEN)))


def _six(number: float) -> Decimal:
    return Decimal(number).quantize(SIX, rounding=ROUND_HALF_EVEN)

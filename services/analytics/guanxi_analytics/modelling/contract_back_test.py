"""How well sorting alone (sBG), fitted on a contract's first terms, foretold who renews later ones, against one constant rate.

use        lower Brier score than the constant rate beyond chance, and a nearer survivor curve
weak       a nearer survivor curve, not surely beyond chance
no_better  no nearer curve
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from guanxi_analytics.modelling import life_table
from guanxi_analytics.modelling.climbing import Vector
from guanxi_analytics.modelling.discrimination import gain
from guanxi_analytics.modelling.passport import Judgement, Verdict, judged
from guanxi_analytics.modelling.shifted_beta_geometric import fit, retention, survival

FEWEST: Final = 10  # there to renew: a held-out term of fewer tells nothing
NAMED: Final = "one constant rate of retention"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Terms `trained_on` + 1 to the last of those held out: survivors as they were, as foretold, and by the constant rate of
    the terms before. Errors are means of absolute differences of survivors; `gain` is by how much the Brier score is lower:
    mean, low, high. `judgement` is of who left, case by case, with the constant rate as base rate and as baseline; None of too
    few."""

    trained_on: int
    parameters: dict[str, float]
    constant: float
    observed: Vector
    foretold: Vector
    by_constant: Vector
    error: float
    error_of_constant: float
    gain: tuple[float, float, float]
    verdict: Verdict
    judgement: Judgement | None


def held_out(at_risk: ArrayLike, lost: ArrayLike, train: int) -> HeldOut:
    """ValueError in words where there is nothing to train on or nothing to be held against."""
    at_risk, lost = np.asarray(at_risk, float), np.asarray(lost, float)
    if train < 2:
        raise ValueError("It takes two terms to be fitted on.")
    last = int(np.cumprod(at_risk >= FEWEST).sum())
    if last <= train:
        raise ValueError(
            f"Nothing is held out: {last} terms had {FEWEST} contracts to renew, {train} are trained on."
        )
    found = fit(at_risk[:train], lost[:train])
    if not found.is_settled:
        raise ValueError(f"The first {train} terms do not tell the model's parameters apart.")
    constant = 1 - float(lost[:train].sum() / at_risk[:train].sum())
    observed = life_table.survival(at_risk[:last], lost[:last])[0][train:]
    foretold = survival(found.parameters, last)[1 + train :]
    by_constant = np.asarray(constant ** np.arange(train + 1.0, last + 1), float)
    n, y = at_risk[train:last].astype(int), lost[train:last].astype(int)
    outcomes = np.concatenate(
        [np.repeat([1, 0], [gone, all_ - gone]) for all_, gone in zip(n, y, strict=True)]
    )
    leaving = np.repeat(1 - retention(found.parameters, last)[train:], n)
    by_rate, term = np.full(len(leaving), 1 - constant), np.repeat(np.arange(last - train), n)
    over = gain(leaving, by_rate, outcomes, term)
    error, other = (float(np.abs(each - observed).mean()) for each in (foretold, by_constant))
    verdict: Verdict = "no_better"
    if error < other:
        verdict = "use" if over[1] > 0 else "weak"
    return HeldOut(
        train,
        found.as_dict(),
        constant,
        observed,
        foretold,
        by_constant,
        error,
        other,
        over,
        verdict,
        _judgement(leaving, by_rate, outcomes, term),
    )


def _judgement(
    leaving: ArrayLike, by_rate: ArrayLike, outcomes: ArrayLike, term: ArrayLike
) -> Judgement | None:
    try:
        return judged(leaving, by_rate, outcomes, named=NAMED, base_rate=by_rate, origin=term)
    except ValueError:
        return None

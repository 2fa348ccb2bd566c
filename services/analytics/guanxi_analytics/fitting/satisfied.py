"""Whether the satisfied stay, and the index of satisfaction. Pure."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from guanxi_analytics.modelling.loyalty_curve import LoyaltyCurve, loyalty_curve
from guanxi_analytics.modelling.path_model import (
    ECSI,
    path_model,
    satisfaction_index,
    total_effects,
)

Learnt = dict[str, Any]
MOST_ITEMS: Final = 10
LEAST_ANSWERS: Final = (
    100  # ten for each of the most paths that lead to one block, and more than twice as many items
)
PEOPLE: Final = "complete answers to the questions of all six"


def learn_loyalty(rows: Sequence[tuple[str, int, bool]]) -> Learnt:
    """Kind of score, score, and whether the customer bought within the half year after; each kind by itself."""
    by_kind: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for kind, score, stayed in rows:
        by_kind[kind].append((score, stayed))
    curves, refused = {}, []
    for kind, own in sorted(by_kind.items()):
        try:
            curves[kind] = loyalty_curve(*zip(*own, strict=True))
        except ValueError as error:
            refused.append(f"{kind.upper()}: {error}")
    if not curves:
        told = " ".join(refused) or "Nobody was asked long enough ago to see what they did then."
        return {"verdict": "refused", "sentence": told, "n": len(rows), "found": {}}
    kind, widest = max(curves.items(), key=lambda each: each[1].n)
    rises = widest.levels[-1].isotonic - widest.levels[0].isotonic
    verdict = "use" if widest.levels[0].smooth_high < widest.levels[-1].smooth_low else "weak"
    told = f"{_told(kind, widest)} {' '.join(refused)}".strip()
    return {
        "verdict": verdict if rises > 0 else "no_better", "sentence": told, "n": len(rows),
        "found": {"curves": {kind: _rounded(asdict(each)) for kind, each in curves.items()}},
    }  # fmt: skip


def _told(kind: str, curve: LoyaltyCurve) -> str:
    low, high = curve.levels[0], curve.levels[-1]
    bent = (
        "too few different scores to tell a bend" if curve.p is None
        else f"{'bent' if curve.is_bent else 'no bend to be told from a straight line'} (p {curve.p:.3f})"
    )  # fmt: skip
    return (
        f"Of {curve.n} customers asked ({kind.upper()}), {low.smooth:.0%} of those who gave {low.score:g} bought again"
        f" within half a year and {high.smooth:.0%} of those who gave {high.score:g}; {bent}. It went along with it: what"
        " causes what is not told."
    )


def learn_index(rows: Sequence[str]) -> Learnt:
    """Answers (JSON) to surveys with ratings keyed by what they measure: image_1, expectations_1, quality_1, value_1,
    satisfaction_1, loyalty_1 and so on; those alone who answered all of them."""
    answers = [json.loads(each) for each in rows]
    keys = {block: _keys(answers, block) for block in ECSI}
    asked = [key for own in keys.values() for key in own]
    whole = [each for each in answers if all(isinstance(each.get(key), int) for key in asked)]
    missing = [block for block, own in keys.items() if not own]
    if missing or len(whole) < LEAST_ANSWERS:
        lacks = f" Nobody was asked about {', '.join(missing)}." if missing else ""
        told = f"The index takes {LEAST_ANSWERS} {PEOPLE}; there are {0 if missing else len(whole)}.{lacks}"
        return {"verdict": "refused", "sentence": told, "n": len(answers), "found": {}}
    items = {
        b: np.array([[each[k] for k in own] for each in whole], float) for b, own in keys.items()
    }
    try:
        model = path_model(items)
    except ValueError as error:
        return {"verdict": "refused", "sentence": str(error), "n": len(whole), "found": {}}
    low, high = (
        min(float(x.min()) for x in items.values()),
        max(float(x.max()) for x in items.values()),
    )
    weights = model.weights["satisfaction"]
    index = satisfaction_index(items["satisfaction"], np.maximum(weights, 0), low=low, high=high)
    effects = total_effects(model)
    found = {
        "index": index, "r_squared": model.r_squared, "paths": model.paths, "effects": effects,
        "loadings": {b: dict(zip(keys[b], map(float, each), strict=True)) for b, each in model.loadings.items()},
        "scale": [low, high],
    }  # fmt: skip
    lever = max((e.get("satisfaction", 0.0), block) for block, e in effects.items())
    told = (
        f"Of {len(whole)} answers the index is {index:.1f} of 100; {model.r_squared['satisfaction']:.0%} of how satisfaction"
        f" differs goes along with the rest, most with {lever[1]} ({lever[0]:.2f})."
    )
    return {"verdict": "use", "sentence": told, "n": len(whole), "found": _rounded(found)}


def _keys(answers: Sequence[Mapping[str, Any]], block: str) -> list[str]:
    """Of this block, as many as were asked."""
    found = {key for each in answers for key in each if key.rpartition("_")[0] == block}
    return sorted(found)[:MOST_ITEMS]


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return round(value, 6) if isinstance(value, float) else value

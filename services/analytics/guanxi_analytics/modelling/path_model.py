"""PLS path model: what people cannot be asked directly (satisfaction, loyalty), from several questions each.

Mode A, centroid scheme, unscaled items, as R's plspm does it (Wold 1982; Tenenhaus et al. 2005, CSDA 48(1) 159-205).
Items X (n, k) are centred; a block's score is X_b w_b, standardised. Until the weights stand still: the inner
estimate of a block is the sum of the scores of its neighbours with the signs of their correlations, its weights are the
covariances of its items with that. Then paths are regressions of scores on scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from guanxi_analytics.modelling.climbing import Vector

MOST_STEPS: Final = 300
STILL: Final = 1e-10

# The structure of the European and American indices (Fornell et al. 1996; ECSI 1998): what leads to what.
ECSI: Final[Mapping[str, tuple[str, ...]]] = {
    "image": (),
    "expectations": ("image",),
    "quality": ("expectations",),
    "value": ("expectations", "quality"),
    "satisfaction": ("image", "expectations", "quality", "value"),
    "loyalty": ("image", "satisfaction"),
}


@dataclass(frozen=True)
class PathModel:
    """`scores` (n, blocks) and `weights` of each block's items; `paths[to][from]`, R² of what is led to, loadings
    (correlations of items with their block's score); `steps` until the weights stood still."""

    blocks: tuple[str, ...]
    scores: Vector
    weights: Mapping[str, Vector]
    loadings: Mapping[str, Vector]
    paths: Mapping[str, Mapping[str, float]]
    r_squared: Mapping[str, float]
    steps: int


def path_model(
    items: Mapping[str, ArrayLike], leads: Mapping[str, Sequence[str]] = ECSI
) -> PathModel:
    """`items` of each block (n, k_b), complete; `leads` names for each block those that lead to it, in an order
    in which causes come first. ValueError when an item is the same for everybody or the weights never stand still."""
    blocks = tuple(leads)
    centred = {name: _centred(items[name], name) for name in blocks}
    links = np.array([[a in leads[b] or b in leads[a] for a in blocks] for b in blocks], float)
    weights = {name: _fixed(x, np.ones(x.shape[1])) for name, x in centred.items()}
    for step in range(1, MOST_STEPS + 1):
        scores = _scores(centred, weights)
        signs = links * np.sign(scores.T @ scores)
        inner = scores @ signs.T
        moved = {name: _fixed(x, x.T @ inner[:, k]) for k, (name, x) in enumerate(centred.items())}
        change = max(float(np.abs(abs(moved[n]) - abs(weights[n])).max()) for n in blocks)
        weights = moved
        if change < STILL:
            return _described(blocks, centred, weights, leads, step)
    raise ValueError(f"The weights did not stand still in {MOST_STEPS} steps.")


def _centred(block: ArrayLike, name: str) -> Vector:
    x = np.asarray(block, float)
    if x.ndim != 2 or len(x) < 3 or not np.all(np.isfinite(x)):
        raise ValueError(f"{name} is not a complete table of answers of at least three people.")
    if np.any(np.ptp(x, axis=0) == 0):
        raise ValueError(f"An item of {name} was answered alike by everybody.")
    return np.asarray(x - x.mean(axis=0))


def _fixed(x: Vector, weights: Vector) -> Vector:
    """So that the score's variance (of n) is 1."""
    return np.asarray(weights / (x @ weights).std())


def _scores(centred: Mapping[str, Vector], weights: Mapping[str, Vector]) -> Vector:
    return np.stack([x @ weights[name] for name, x in centred.items()], axis=1)


def _described(
    blocks: tuple[str, ...], centred: Mapping[str, Vector], weights: Mapping[str, Vector],
    leads: Mapping[str, Sequence[str]], steps: int,
) -> PathModel:  # fmt: skip
    loadings = {n: _loadings(x, x @ weights[n]) for n, x in centred.items()}
    turned = {n: weights[n] * (np.sign(np.sign(loadings[n]).sum()) or 1.0) for n in blocks}
    scores = _scores(centred, turned)
    paths, r_squared = {}, {}
    for to, name in enumerate(blocks):
        if causes := [blocks.index(each) for each in leads[name]]:
            slopes, *_ = np.linalg.lstsq(scores[:, causes], scores[:, to], rcond=None)
            paths[name] = dict(zip(leads[name], map(float, slopes), strict=True))
            r_squared[name] = float((scores[:, causes] @ slopes).var() / scores[:, to].var())
    loadings = {n: _loadings(x, x @ turned[n]) for n, x in centred.items()}
    return PathModel(blocks, scores, turned, loadings, paths, r_squared, steps)


def _loadings(x: Vector, score: Vector) -> Vector:
    return np.asarray(x.T @ score / (len(x) * x.std(axis=0) * score.std()))


def total_effects(model: PathModel) -> dict[str, dict[str, float]]:
    """What a block does to each one after it, by all ways: the sum over ways of the products of their paths."""
    effects: dict[str, dict[str, float]] = {name: {} for name in model.blocks}
    for to, paths in model.paths.items():  # causes come first
        for cause, path in paths.items():
            effects[cause][to] = effects[cause].get(to, 0.0) + path
            for before in model.blocks:
                if reached := effects[before].get(cause):
                    effects[before][to] = effects[before].get(to, 0.0) + reached * path
    return effects


def satisfaction_index(
    answers: ArrayLike, weights: ArrayLike, *, low: float = 1, high: float = 10
) -> float:
    """0 to 100: ((x1-1) w1 + (x2-1) w2 + (x3-1) w3)/9 · 100 of the means of satisfaction's items (n, k) and their
    weights divided by the sum (Fornell et al. 1996, J. Marketing 60(4) 7-18). ACSI's own weights are not public:
    these are those of one's own customers."""
    x, w = np.asarray(answers, float), np.asarray(weights, float)
    if not np.all(np.isfinite(x)) or x.min() < low or x.max() > high:
        raise ValueError(f"The answers lie from {low:g} to {high:g}.")
    if np.any(w < 0) or not w.sum() > 0:
        raise ValueError("The weights are not negative, and not all 0.")
    return float((x.mean(axis=0) - low) @ (w / w.sum()) / (high - low) * 100)

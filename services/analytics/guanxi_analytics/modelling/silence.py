"""The plain churn warning, which models must beat: silent for k times one's own usual interval.

Usual interval  days from the first purchase to the last, divided by the repeats; of those who bought once the median of
                all others' (they have none of their own)
Silence         days since the last purchase, as a multiple of the usual interval
"""

import numpy as np
from numpy.typing import ArrayLike

from guanxi_analytics.modelling.climbing import Vector


def usual_interval(x: ArrayLike, last: ArrayLike) -> Vector:
    """In the unit of `last` (n,), at least 1; nan where nobody has come back."""
    repeats, until = np.asarray(x, float), np.asarray(last, float)
    own = np.where(repeats > 0, until / np.maximum(repeats, 1), np.nan)
    others = float(np.median(own[repeats > 0])) if np.any(repeats > 0) else np.nan
    return np.maximum(np.where(np.isnan(own), others, own), 1.0)


def silence(x: ArrayLike, last: ArrayLike, age: ArrayLike) -> Vector:
    """(n,), from 0; nan where nobody has come back."""
    return np.asarray((np.asarray(age, float) - np.asarray(last, float)) / usual_interval(x, last))


def is_silent(x: ArrayLike, last: ArrayLike, age: ArrayLike, *, k: float = 3.0) -> Vector:
    """Whom the rule warns of: (n,) of True and False."""
    return np.asarray(silence(x, last, age) > k)


def chance_by_silence(
    known: ArrayLike, came: ArrayLike, now: ArrayLike, *, bins: int = 20
) -> Vector:
    """The rule as a probability, so that it can be compared: of past customers with about as much silence (`known`
    (n,), `came` 1 if they bought again) the share that did, for each of `now` (m,). Bins of equal size, and one
    for nan."""
    before, came, later = np.asarray(known, float), np.asarray(came, float), np.asarray(now, float)
    edges = (
        np.unique(np.nanquantile(before, np.linspace(0, 1, bins + 1)[1:-1]))
        if np.any(~np.isnan(before))
        else np.empty(0)
    )
    places = [
        np.where(np.isnan(e), len(edges) + 1, np.searchsorted(edges, e)) for e in (before, later)
    ]
    sums = np.bincount(places[0], came, len(edges) + 2)
    counts = np.bincount(places[0], minlength=len(edges) + 2)
    overall = float(came.mean()) if came.size else 0.0
    return np.asarray(((sums + overall) / (counts + 1))[places[1]])


def caught(p_gone: ArrayLike, gone: ArrayLike, *, capacity: int) -> tuple[float, float]:
    """Of the `capacity` customers with the highest chance to be gone: the share that was (precision), and of all who
    were the share among them (recall); equal chances in the order given."""
    chances, was = np.asarray(p_gone, float), np.asarray(gone, float)
    if capacity < 1 or not was.size:
        raise ValueError("Somebody must be called, and somebody must be there to be.")
    first = np.argsort(-chances, kind="stable")[:capacity]
    hit = float(was[first].sum())
    return hit / len(first), hit / float(was.sum()) if was.any() else 0.0

"""Why a customer's P(alive) is what it is: exact shares of the three things that are known.

The log-odds of being alive, -ln(a/(b+y-1)) - (r+x) ln((α+T)/(α+t)), of a customer less those of a usual one, divided among
how often they bought (x), how long they have been silent (T - t) and how long they have been known (t) by the values of
Shapley (1953): the mean of what each adds, over all orders in which they may be told. They sum to the difference.
"""

from collections.abc import Mapping
from itertools import permutations
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from guanxi_analytics.modelling.beta_geometric import BG_NBD, Model, log_odds_alive
from guanxi_analytics.modelling.climbing import Vector

NAMES: Final = ("purchases", "silence", "acquaintance")


def contributions(
    parameters: ArrayLike, x: ArrayLike, last: ArrayLike, age: ArrayLike, *,
    usual: tuple[float, float, float], model: Model = BG_NBD,
) -> Mapping[str, Vector]:  # fmt: skip
    """Of customers who came back (x >= 1), (n,) each, in log-odds; `usual` is the (x, last, age) that they are compared
    with, for example medians of those who came back. ValueError of who never did: nothing is known of them."""
    often, until, whole = (np.atleast_1d(np.asarray(each, float)) for each in (x, last, age))
    if np.any(often < 1) or usual[0] < 1:
        raise ValueError("Reasons are of customers who came back.")
    theirs = (often, whole - until, until)
    usually = (usual[0], usual[2] - usual[1], usual[1])

    def at(told: frozenset[int]) -> Vector:
        x, silence, known = (
            theirs[i] if i in told else np.full_like(often, usually[i]) for i in range(3)
        )
        return log_odds_alive(parameters, x, known, known + silence, model)

    found = {name: np.zeros_like(often) for name in NAMES}
    for order in permutations(range(3)):
        for place, i in enumerate(order):
            found[NAMES[i]] += (
                at(frozenset(order[: place + 1])) - at(frozenset(order[:place]))
            ) / 6
    return found

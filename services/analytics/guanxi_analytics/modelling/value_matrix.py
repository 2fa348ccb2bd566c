"""The customer value matrix: present value across, potential up, and whoever cannot be told apart from a cut.

            low value    high value
high        nurture      keep
low         serve        milk        (potential below its cut)

A customer whose interval straddles the cut of value is `uncertain`: where they belong is not known yet.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

KEEP: Final = "high_value_high_potential"
MILK: Final = "high_value_low_potential"
NURTURE: Final = "low_value_high_potential"
SERVE: Final = "low_value_low_potential"
UNCERTAIN: Final = "uncertain"


@dataclass(frozen=True, slots=True)
class Cuts:
    """What is high begins at the cut."""

    value: float
    potential: float


def cuts_at(value: ArrayLike, potential: ArrayLike, *, share: float = 2 / 3) -> Cuts:
    """So that a third is high (terciles), unless an organisation sets its own."""
    of_value, of_potential = np.asarray(value, float), np.asarray(potential, float)
    if not of_value.size or not of_potential.size:
        raise ValueError("There is nobody to divide.")
    return Cuts(float(np.quantile(of_value, share)), float(np.quantile(of_potential, share)))


def quadrants(
    value: ArrayLike,
    potential: ArrayLike,
    cuts: Cuts,
    *,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
) -> NDArray[np.str_]:
    """Of customers (n,), with the interval of the value where it is known. ValueError of an interval upside down."""
    present, ahead = np.asarray(value, float), np.asarray(potential, float)
    lowest = present if low is None else np.asarray(low, float)
    highest = present if high is None else np.asarray(high, float)
    if np.any(lowest > highest):
        raise ValueError("An interval's low end lies above its high one.")
    is_high, has_potential = present >= cuts.value, ahead >= cuts.potential
    found = np.select(
        [is_high & has_potential, is_high, has_potential], [KEEP, MILK, NURTURE], default=SERVE
    )
    straddles = (lowest < cuts.value) & (highest >= cuts.value)
    found = found.astype(f"<U{max(map(len, (KEEP, UNCERTAIN)))}")
    if low is not None or high is not None:
        found[straddles] = UNCERTAIN
    return found

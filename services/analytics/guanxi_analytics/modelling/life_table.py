"""A life table of terms: of those who had to renew, the share that did, and of all who came, the share that is still there.

Survival is the product of the shares (Kaplan and Meier 1958); its interval is Greenwood's (1926) on the scale of ln(-ln S),
so that it stays between 0 and 1 (Kalbfleisch and Prentice 1980, section 1.3).
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from guanxi_analytics.modelling.climbing import Vector

Z: Final = 1.959963984540054


def survival(at_risk: ArrayLike, lost: ArrayLike) -> tuple[Vector, Vector, Vector]:
    """S, low and high after each period (periods,); both are nan while nobody has left and once nobody is there."""
    at_risk, lost = np.asarray(at_risk, float), np.asarray(lost, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        s = np.cumprod(1 - lost / at_risk)
        variance = np.cumsum(lost / (at_risk * (at_risk - lost)))
        half = Z * np.sqrt(variance) / np.abs(np.log(s))
        low, high = s ** np.exp(half), s ** np.exp(-half)
    is_told = (s > 0) & (s < 1)
    return s, np.where(is_told, low, np.nan), np.where(is_told, high, np.nan)


def shrunk(at_risk: ArrayLike, lost: ArrayLike, toward: ArrayLike, *, weight: float) -> Vector:
    """The share that was lost, as if `weight` more had been there and had been lost at the rate `toward`."""
    at_risk, lost = np.asarray(at_risk, float), np.asarray(lost, float)
    return np.asarray((lost + weight * np.asarray(toward, float)) / (at_risk + weight))

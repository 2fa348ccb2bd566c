"""Intervals of what was counted or measured. Pure; 95% throughout.

share     Wilson (1927)
mean      Student (1908): mean ± t(n - 1) s / √n, s² the sum of squared deviations / (n - 1)
"""

from math import atan, cos, pi, sin, sqrt
from typing import Final

Z: Final = 1.959963984540054
SURE: Final = 0.975
EXACT: Final = 200  # degrees of freedom up to which the quantile of t comes from its own sum


def wilson(count: int, n: int) -> tuple[float, float]:
    """The interval of a share, 0 to 1."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = count / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low = max(0.0, middle - half) if count else 0.0  # exactly, whatever rounding makes of it
    return low, min(1.0, middle + half) if count < n else 1.0


def mean_interval(mean: float, deviation: float, n: int) -> tuple[float, float] | None:
    """Of a mean, from the standard deviation of the values around it; None of fewer than two."""
    if n < 2:
        return None
    half = t_quantile(n - 1) * deviation / sqrt(n)
    return mean - half, mean + half


def t_quantile(freedom: int) -> float:
    """The 97.5% point of Student's t with so many degrees of freedom: by bisection of its distribution, for
    many by the expansion of Cornish and Fisher (Abramowitz and Stegun 1964, 26.7.5; error below 1e-7)."""
    if freedom > EXACT:
        g1 = (Z**3 + Z) / 4
        g2 = (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96
        g3 = (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384
        return Z + g1 / freedom + g2 / freedom**2 + g3 / freedom**3
    low, high = 1.9, 13.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _below(middle, freedom) < SURE else (low, middle)
    return (low + high) / 2


def _below(t: float, freedom: int) -> float:
    """P(T <= t), t > 0 (Abramowitz and Stegun 26.7.3 and 26.7.4: exact for whole degrees of freedom)."""
    angle = atan(t / sqrt(freedom))
    if freedom == 1:
        return 0.5 + angle / pi
    is_odd = freedom % 2
    term = total = cos(angle) if is_odd else 1.0
    for step in range(3 if is_odd else 2, freedom, 2):
        term *= cos(angle) ** 2 * (step - 1) / step
        total += term
    between = 2 / pi * (angle + sin(angle) * total) if is_odd else sin(angle) * total
    return 0.5 + between / 2

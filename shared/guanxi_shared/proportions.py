"""Shares of counts, with how sure one can be of them.

Wilson (1927): the interval of a share of n with 95 %, for counts of any size, 0 and n among them:

    middle = (p + z²/2n) / (1 + z²/n),  half = z·sqrt(p(1-p)/n + z²/4n²) / (1 + z²/n),  z = 1.959964
"""

from math import sqrt
from typing import Final

Z: Final = 1.959963984540054


def wilson(count: int, n: int) -> tuple[float, float]:
    """The interval of count/n, both ends from 0 to 1; of nothing everything is possible."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = count / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)

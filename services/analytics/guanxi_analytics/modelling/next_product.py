"""What a customer may buy next, by what they bought: the greatest confidence of a pair that is beyond chance.

    s(b) = max over a in bought of n_ab / n_a,  of pairs whose q (significance.py) is at most 0.05

held against the plainest rule, what everybody buys most that this one has not bought, at a moment of the past: of those who
then bought something they had not before, whether one of the k that were named was among it (hit rate at k; Deshpande and
Karypis 2004, ACM Trans. Information Systems 22(1) for item-based top-n).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from guanxi_analytics.modelling.affinity import Pairs
from guanxi_analytics.modelling.two_shares import Difference, mean_difference

Q: Final = 0.05
FEWEST_BUYERS: Final = 50  # who bought something new after the moment
Bought = Mapping[int, set[int]]  # by customer, the products


@dataclass(frozen=True, slots=True)
class Tried:
    """Of `n` customers who bought something new: how many were told it by pairs, and by popularity."""

    n: int
    hits: int
    hits_of_popular: int
    gain: Difference


def q_of(pairs: Pairs, products: int) -> NDArray[np.float64]:
    """False discovery rates (pairs,) among all pairs that `products` products make: those that were not counted, because
    too few baskets held both, count as tests that found nothing."""
    tests = max(products * (products - 1) // 2, len(pairs.both))
    return np.asarray(np.minimum(1.0, pairs.q(tests=tests)), float)


def likeness(pairs: Pairs, q: NDArray[np.float64], products: int) -> csr_matrix:
    """Confidence of column given row (products, products), of pairs beyond chance that lie together more often than not."""
    sure = (q <= Q) & (pairs.lift > 1)
    a, b, both = pairs.first[sure], pairs.second[sure], pairs.both[sure]
    rows, columns = np.concatenate([a, b]), np.concatenate([b, a])
    values = np.concatenate([both / pairs.of_first[sure], both / pairs.of_second[sure]])
    return csr_matrix((values, (rows, columns)), shape=(products, products))


def named(alike: csr_matrix, bought: set[int], popular: Sequence[int], k: int) -> list[int]:
    """The k products that are said, the likeliest first; what pairs do not say is filled up with what is bought most."""
    rows = alike[sorted(bought)]
    scores = (
        np.asarray(rows.max(axis=0).toarray()).ravel()
        if rows.shape[0]
        else np.zeros(alike.shape[1])
    )
    scores[sorted(bought)] = 0.0
    best = np.argsort(-scores, kind="stable")[:k]
    said = [int(each) for each in best if scores[each] > 0]
    rest = (each for each in popular if each not in bought and each not in said)
    return [*said, *(each for each, _ in zip(rest, range(k - len(said)), strict=False))]


def tried(
    alike: csr_matrix, popular: Sequence[int], before: Bought, after: Bought, k: int
) -> Tried | None:
    """`before` and `after` a moment, in order of customers; None of fewer than 50 who then bought something new."""
    hits: list[int] = []
    plain: list[int] = []
    for customer in sorted(after.keys() & before.keys()):
        new = after[customer] - before[customer]
        if new:
            own = before[customer]
            hits.append(int(bool(new & set(named(alike, own, popular, k)))))
            first = [each for each in popular[: k + len(own)] if each not in own][:k]
            plain.append(int(bool(new & set(first))))
    if len(hits) < FEWEST_BUYERS:
        return None
    gains = [one - other for one, other in zip(hits, plain, strict=True)]
    return Tried(len(hits), sum(hits), sum(plain), mean_difference(gains))

"""What is bought together: association rules by counts, compared as whole numbers.

Of N baskets and a rule A ⇒ b, with n_A, n_b and n_Ab baskets that hold A, b and both:

    support      n_Ab / N                    confidence   n_Ab / n_A
    lift         n_Ab N / (n_A n_b)          leverage     n_Ab/N - n_A n_b / N²
    conviction   (N - n_b) n_A / (N (n_A - n_Ab))         p, q: see significance.py

(Agrawal, Imieliński and Swami 1993; Brin et al. 1997; Hahsler, Grün and Hornik 2005, J. Statistical Software 14(15)). A
threshold of 0.8 is the fraction 4/5, and n_Ab / n_A >= 4/5 is asked as 5 n_Ab >= 4 n_A: in floating point four rules of
the groceries data, whose confidence is exactly 0.8, are lost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

Item = int
Set = tuple[Item, ...]
Bits = NDArray[np.uint8]
MOST_SETS: Final = 2_000_000
MOST_BYTES: Final = 1 << 29  # of one level's bits


class TooManySets(ValueError):
    """There are more frequent sets than fit: the support is too low for these baskets."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who buys all of `given` also buys `then`; counts of baskets."""

    given: Set
    then: Item
    both: int
    of_given: int
    of_then: int
    baskets: int

    @property
    def support(self) -> float:
        return self.both / self.baskets

    @property
    def confidence(self) -> float:
        return self.both / self.of_given

    @property
    def lift(self) -> float:
        return self.both * self.baskets / (self.of_given * self.of_then)

    @property
    def leverage(self) -> float:
        return (self.both * self.baskets - self.of_given * self.of_then) / self.baskets**2

    @property
    def conviction(self) -> float:
        missed = self.of_given - self.both
        without = (self.baskets - self.of_then) * self.of_given
        return without / (self.baskets * missed) if missed else float("inf")


def fraction(share: float | str | Fraction) -> Fraction:
    """What was written: 0.8 is 4/5, not the nearest binary number."""
    return share if isinstance(share, Fraction) else Fraction(str(share))


def rules(
    baskets: Sequence[Sequence[Item]], *, support: float | str | Fraction,
    confidence: float | str | Fraction, most_items: int = 10,
) -> list[Rule]:  # fmt: skip
    """Of items numbered from 0; one item follows from one or more. The greatest lift first, then by what they say.

    TooManySets when more than 2,000,000 sets of items are frequent; ValueError of shares outside 0 to 1."""
    least_share, least = fraction(support), fraction(confidence)
    if not (0 < least_share <= 1 and 0 <= least <= 1):
        raise ValueError("Support is above 0 and at most 1, confidence from 0 to 1.")
    n = len(baskets)
    counts = frequent_sets(baskets, least=max(1, -(-least_share * n // 1)), most_items=most_items)
    found = [
        Rule(given, then, both, counts[given], counts[(then,)], n)
        for items, both in counts.items()
        if len(items) > 1
        for given, then in _splits(items)
        if both * least.denominator >= least.numerator * counts[given]
    ]
    return sorted(found, key=lambda rule: (-rule.lift, rule.given, rule.then))


def _splits(items: Set) -> Iterator[tuple[Set, Item]]:
    for k, then in enumerate(items):
        yield items[:k] + items[k + 1 :], then


def frequent_sets(
    baskets: Sequence[Sequence[Item]], *, least: int, most_items: int = 10
) -> dict[Set, int]:
    """Each set of items that at least so many baskets hold, and how many do; level by level (Agrawal and Srikant
    1994), a set's baskets as bits: those of a larger set are the ones that two smaller ones have in common."""
    level: dict[Set, Bits] = {
        (item,): bits for item, bits in _columns(baskets).items() if _count(bits) >= least
    }
    found = {items: _count(bits) for items, bits in level.items()}
    for _ in range(1, most_items):
        level = _longer(level, found, least)
        if not level:
            break
        found |= {items: _count(bits) for items, bits in level.items()}
        if len(found) > MOST_SETS:
            raise TooManySets(f"More than {MOST_SETS:,} sets of items are that frequent.")
    return found


def _columns(baskets: Sequence[Sequence[Item]]) -> dict[Item, Bits]:
    places: dict[Item, list[int]] = {}
    for place, basket in enumerate(baskets):
        for item in set(basket):
            places.setdefault(item, []).append(place)
    found = {}
    for item in sorted(places):
        row = np.zeros(len(baskets), bool)
        row[places[item]] = True
        found[item] = np.packbits(row)
    return found


def _count(bits: Bits) -> int:
    return int(np.bitwise_count(bits).sum())


def _longer(level: dict[Set, Bits], found: dict[Set, int], least: int) -> dict[Set, Bits]:
    """Sets of one item more whose every part is frequent."""
    ends: dict[Set, list[Item]] = {}
    for items in level:
        ends.setdefault(items[:-1], []).append(items[-1])
    longer = {}
    for start, last in ends.items():
        for one, other in combinations(sorted(last), 2):
            items = (*start, one, other)
            if all(items[:k] + items[k + 1 :] in found for k in range(len(start))):
                bits = level[(*start, one)] & level[(*start, other)]
                if _count(bits) >= least:
                    longer[items] = bits
                    if len(longer) * bits.nbytes > MOST_BYTES:
                        raise TooManySets("The sets of items that are that frequent do not fit.")
    return longer

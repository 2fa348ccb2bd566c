"""What is bought together, what comes next, and which products go along with coming back. Pure."""

from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from guanxi_analytics.modelling import affinity, baskets
from guanxi_analytics.modelling.floors import BASKETS, refusal
from guanxi_analytics.modelling.next_product import Bought, Tried, likeness, q_of, tried
from guanxi_analytics.modelling.significance import benjamini_hochberg, chi_squared, fisher
from guanxi_analytics.modelling.two_shares import difference

Learnt = dict[str, Any]
Whole = NDArray[np.int64]
LEAST: Final = 10  # baskets of a pair, buyers of a product: less is not told
MOST_RULES: Final = 20_000
MOST_ITEMS: Final = 6
NAMED: Final = 5  # next products
POPULAR: Final = 200
WINDOW: Final = 182  # days within which somebody comes back
HORIZON: Final = 90  # days that the next product is tried on
TEST: Final = "Fisher's exact test, one-sided (hypergeometric), with Benjamini and Hochberg's false discovery rate"
NONE: Final[Learnt] = {"rules": [], "retained": []}


def learn_products(
    *, names: Sequence[str], basket: "array[int]", product: "array[int]", customer: "array[int]", day: "array[int]",
    until: int, support: str | None, confidence: str | None,
) -> Learnt:  # fmt: skip
    """Of lines (n,), in order of their baskets: basket, product (places in `names`), customer (-1: nobody) and day.
    `support` and `confidence`, asked for together, look for rules of up to six products beside the pairs."""
    b, p, c, d = (np.frombuffer(each, np.int64) if len(each) else np.zeros(0, np.int64) for each in (basket, product, customer, day))  # fmt: skip
    n = len(np.unique(b))
    if (sentence := refusal(BASKETS, n)) is not None:
        return {"verdict": "refused", "sentence": sentence, "n": n, "found": {}} | NONE
    together = affinity.pairs(b, p, least=LEAST)
    held = np.bincount(np.unique(b * (len(names) + 1) + p) % (len(names) + 1), minlength=len(names))
    frequent = int((held >= LEAST).sum())
    q = q_of(together, frequent)
    popular = [
        int(each) for each in np.argsort(-held, kind="stable")[:POPULAR] if held[each] >= LEAST
    ]
    rules = _of_pairs(together, q)
    found: dict[str, Any] = {
        "baskets": n, "products": len(names), "frequent_products": frequent, "pairs": len(q),
        "pairs_beyond_chance": int((q <= 0.05).sum()), "least_baskets": LEAST, "test": TEST,
        "tests": max(frequent * (frequent - 1) // 2, len(q)), "horizon_days": HORIZON, "window_days": WINDOW,
        "popular": [{"key": names[each], "baskets": int(held[each])} for each in popular[:50]],
    }  # fmt: skip
    told = ""
    if support is not None and confidence is not None:
        more, told = _asked(b, p, support, confidence)
        rules += more
        found |= {"support": support, "confidence": confidence, "rules": len(more)}
    at = _tried(b, p, c, d, until, len(names))
    found["tried"] = None if at is None else _tried_told(at)
    verdict, sentence = _verdict(at)
    return {
        "verdict": verdict, "sentence": f"{_together_told(found)} {sentence}{told}", "n": n, "found": found,
        "rules": [(kind, [names[i] for i in given], names[then], *rest) for kind, given, then, *rest in rules],
        "retained": [(names[i], *rest) for i, *rest in retained(p, c, d, until)],
    }  # fmt: skip


def _of_pairs(together: affinity.Pairs, q: NDArray[np.float64]) -> list[tuple[Any, ...]]:
    """Both directions of those that stand out most (leverage), in that order."""
    p = together.p()
    found: list[tuple[Any, ...]] = []
    for i in np.argsort(-together.leverage, kind="stable")[: MOST_RULES // 2]:
        a, b = int(together.first[i]), int(together.second[i])
        n = int(together.both[i]), int(together.of_first[i]), int(together.of_second[i])
        for given, then, of_given, of_then in ((a, b, n[1], n[2]), (b, a, n[2], n[1])):
            found.append(("pair", (given,), then, n[0], of_given, of_then, together.baskets, float(p[i]), float(q[i])))  # fmt: skip
    return found


def _asked(
    basket: Whole, product: Whole, support: str, confidence: str
) -> tuple[list[tuple[Any, ...]], str]:
    """Rules of several products, the greatest lift first; and what is to be said of them."""
    held: dict[int, set[int]] = defaultdict(set)
    for b, p in zip(basket.tolist(), product.tolist(), strict=True):
        held[b].add(p)
    try:
        rules = baskets.rules(
            [sorted(each) for each in held.values()], support=support, confidence=confidence, most_items=MOST_ITEMS
        )  # fmt: skip
    except baskets.TooManySets as error:
        return [], f" No rules of several products: {error} Ask for a greater support."
    told = [rule for rule in rules if rule.both >= LEAST]
    if not told:
        return [], " No rules of several products at these thresholds."
    counts = (
        [rule.both for rule in told],
        [rule.of_given for rule in told],
        [rule.of_then for rule in told],
    )
    p_values = fisher(*counts, [rule.baskets for rule in told])
    q = benjamini_hochberg(p_values)
    found = [
        ("rule", rule.given, rule.then, rule.both, rule.of_given, rule.of_then, rule.baskets, float(p_values[i]), float(q[i]))
        for i, rule in enumerate(told[:MOST_RULES])
    ]  # fmt: skip
    return found, f" {len(told):,} rules of support {support} and confidence {confidence}."


def _tried(basket: Whole, product: Whole, customer: Whole, day: Whole, until: int, products: int) -> Tried | None:  # fmt: skip
    """What would have been said a horizon ago, by what had been bought by then alone."""
    moment = until - HORIZON
    seen = day <= moment
    if not seen.any() or seen.all():
        return None
    together = affinity.pairs(
        np.unique(basket[seen], return_inverse=True)[1], product[seen], least=LEAST
    )
    held = np.bincount(
        np.unique(basket[seen] * (products + 1) + product[seen]) % (products + 1),
        minlength=products,
    )
    alike = likeness(together, q_of(together, int((held >= LEAST).sum())), products)
    popular = [int(each) for each in np.argsort(-held, kind="stable") if held[each]]
    known = customer >= 0
    before, after = _bought(customer[seen & known], product[seen & known]), _bought(customer[~seen & known], product[~seen & known])  # fmt: skip
    return tried(alike, popular, before, after, NAMED)


def _bought(customer: Whole, product: Whole) -> Bought:
    found: dict[int, set[int]] = defaultdict(set)
    for whose, what in zip(customer.tolist(), product.tolist(), strict=True):
        found[whose].add(what)
    return found


def retained(product: Whole, customer: Whole, day: Whole, until: int) -> list[tuple[Any, ...]]:
    """Of customers whose first day lies a window back: whether those who bought a product on it came back within the window
    more often than those who did not. Product, buyers, back, others, back, difference with its interval, p (chi-squared), q;
    the greatest difference first. What was bought later does not count: who comes often buys more of everything."""
    known = customer >= 0
    p, c, d = product[known], customer[known], day[known]
    if not len(c):
        return []
    first = np.full(int(c.max()) + 1, 1 << 40)
    np.minimum.at(first, c, d)
    back = np.zeros(len(first), bool)
    back[c[(d > first[c]) & (d <= first[c] + WINDOW)]] = True
    old = first + WINDOW <= until
    n, of_n = int(old.sum()), int((old & back).sum())
    begun = old[c] & (d == first[c])
    pairs = np.unique(np.stack([p[begun], c[begun]]), axis=1)
    rows = []
    for item in np.unique(pairs[0]):
        buyers = pairs[1][pairs[0] == item]
        m, came = len(buyers), int(back[buyers].sum())
        if m >= LEAST and n - m >= LEAST:
            rows.append((int(item), m, came, n - m, of_n - came))
    if not rows:
        return []
    _, sizes, came_back, _, _ = (np.array(column) for column in zip(*rows, strict=True))
    p_values = chi_squared(came_back, sizes, np.full_like(sizes, of_n), np.full_like(sizes, n))
    q = benjamini_hochberg(p_values)
    found = []
    for i, row in enumerate(rows):
        gap = difference(row[2], row[1], row[4], row[3])
        found.append((*row, gap.value, gap.low, gap.high, float(p_values[i]), float(q[i])))
    return sorted(found, key=lambda row: (-row[5], row[0]))


def _verdict(at: Tried | None) -> tuple[str, str]:
    if at is None:
        return (
            "refused",
            f"The next product cannot be tried on the past: it takes 50 customers who bought something new in the last {HORIZON} days.",
        )
    rates = f"{at.hits / at.n:.1%} against {at.hits_of_popular / at.n:.1%} of what is bought most"
    told = f"Of {at.n:,} customers who bought something new, it was among the {NAMED} named by pairs of {rates}."
    if at.gain.low > 0:
        return "use", f"{told} Better beyond chance."
    if at.gain.value > 0:
        return "weak", f"{told} Not surely better: what is bought most is named."
    return "no_better", f"{told} No better: it is not used, what is bought most is named."


def _tried_told(at: Tried) -> dict[str, Any]:
    return {
        "n": at.n, "named": NAMED, "hit_rate": round(at.hits / at.n, 4),
        "hit_rate_of_popular": round(at.hits_of_popular / at.n, 4),
        "gain": [round(each, 4) for each in (at.gain.value, at.gain.low, at.gain.high)],
    }  # fmt: skip


def _together_told(found: Learnt) -> str:
    return (
        f"In {found['baskets']:,} orders {found['pairs_beyond_chance']:,} of {found['tests']:,} pairs of products lie together"
        " more often than by chance (false discovery rate 5 %)."
    )

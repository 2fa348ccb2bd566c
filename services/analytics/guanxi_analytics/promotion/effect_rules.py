"""From counts of two groups to what a campaign brought. Pure.

Response    the share who bought at least once within the period, with its Wilson interval
Uplift      the difference of two shares, Newcombe's interval (modelling/two_shares.py)
Money       the difference of two means per person, those who bought nothing counting as 0, with Welch's interval (large n):
            m - m' ± 1.96 √(s²/n + s'²/n')
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from typing import Any, Final

from guanxi_analytics.modelling.two_shares import Difference, difference
from guanxi_shared.intervals import Z, wilson
from guanxi_shared.money import scale_of

DIGITS: Final = 6
LEAST: Final = 10  # people of a group: of fewer nothing is told
NO_HOLD_OUT: Final = (
    "Nobody was held out: who bought may have bought anyway. An association, no effect."
)
NOT_BY_LOT: Final = "Who was held out was not drawn by lot: the groups may differ in more than the campaign. An association."
BY_LOT: Final = "Who was held out was drawn by lot: the difference is the campaign's effect, between what its interval says."


@dataclass(frozen=True, slots=True)
class Group:
    """`n` people, of whom `responded` placed `orders`; `money` by currency: the sum, and the sum of squares of each one's."""

    n: int
    responded: int
    orders: int
    money: Mapping[str, tuple[Decimal, Decimal]]


def of_group(group: Group) -> dict[str, Any]:
    low, high = wilson(group.responded, group.n)
    return {
        "n": group.n, "responded": group.responded, "orders": group.orders,
        "response": {"share": round(group.responded / group.n, DIGITS), "low": round(low, DIGITS), "high": round(high, DIGITS)},
        "revenue": [shown_money(total, currency) for currency, (total, _) in sorted(group.money.items())],
    }  # fmt: skip


def effect(addressed: Group, held_out: Group | None, *, is_by_lot: bool, cost: tuple[Decimal, str] | None) -> dict[str, Any]:  # fmt: skip
    """What is told of them. A cost by what it did not surely bring is null."""
    uplift = None if held_out is None else difference(addressed.responded, addressed.n, held_out.responded, held_out.n)  # fmt: skip
    is_effect = held_out is not None and is_by_lot
    return {
        "kind": "effect" if is_effect else "association",
        "sentence": NO_HOLD_OUT if held_out is None else BY_LOT if is_by_lot else NOT_BY_LOT,
        "addressed": of_group(addressed), "held_out": None if held_out is None else of_group(held_out),
        "uplift": None if uplift is None else shown_difference(uplift),
        "money": [] if held_out is None else [money_difference(c, addressed, held_out) for c in sorted({*addressed.money, *held_out.money})],
        "costs": None if cost is None else costs_of(addressed, uplift, *cost),
    }  # fmt: skip


def shown_difference(uplift: Difference) -> dict[str, Any]:
    return {
        "difference": round(uplift.value, DIGITS), "low": round(uplift.low, DIGITS), "high": round(uplift.high, DIGITS),
        "is_beyond_chance": uplift.is_beyond_chance,
    }  # fmt: skip


def money_difference(currency: str, one: Group, other: Group) -> dict[str, Any]:
    (mean, variance), (other_mean, other_variance) = _mean(one, currency), _mean(other, currency)
    half = Z * sqrt(variance / one.n + other_variance / other.n)
    gap = mean - other_mean
    return {
        "each": shown_money(mean, currency), "each_held_out": shown_money(other_mean, currency), "difference": shown_money(gap, currency),
        "low": shown_money(gap - half, currency), "high": shown_money(gap + half, currency), "is_beyond_chance": abs(gap) > half,
    }  # fmt: skip


def _mean(group: Group, currency: str) -> tuple[float, float]:
    """Of each person, and the variance."""
    total, squares = (float(each) for each in group.money.get(currency, (0, 0)))
    mean = total / group.n
    return mean, max(0.0, squares - group.n * mean * mean) / max(group.n - 1, 1)


def costs_of(
    group: Group, uplift: Difference | None, cost: Decimal, currency: str
) -> dict[str, Any]:
    """By response and order of those who were addressed, and by each response more than without the campaign."""
    more = uplift.value * group.n if uplift is not None and uplift.low > 0 else 0.0
    return {
        "cost": shown_money(cost, currency),
        "by_response": shown_money(cost / group.responded, currency) if group.responded else None,
        "by_order": shown_money(cost / group.orders, currency) if group.orders else None,
        "by_response_more": shown_money(float(cost) / more, currency) if more else None,
    }  # fmt: skip


def shown_money(value: Decimal | float, currency: str) -> dict[str, str]:
    return {"amount": f"{round(Decimal(value), scale_of(currency)):f}", "currency": currency}

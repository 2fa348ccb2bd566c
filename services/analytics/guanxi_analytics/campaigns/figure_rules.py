"""From counts of a campaign's groups to what is told of it. Pure; the formulas are those of promotion/effect_rules.py.

Everybody counts who was to be treated, whether anything was sent to them or not, and everybody who was held out: who is
left out afterwards is not left out by lot. Both groups have the same days for their orders.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from guanxi_analytics.modelling.two_shares import Difference, difference
from guanxi_analytics.promotion.effect_rules import (
    BY_LOT,
    DIGITS,
    LEAST,
    NO_HOLD_OUT,
    NOT_BY_LOT,
    Group,
    costs_of,
    money_difference,
    shown_difference,
    shown_money,
)
from guanxi_shared.intervals import wilson

FEW: Final = f" Nothing is told of fewer than {LEAST} people but how many they are."
NOBODY: Final = Group(0, 0, 0, {})


@dataclass(frozen=True, slots=True)
class Arm:
    """One group of a campaign. `bought.responded` are those who bought at least once."""

    n: int = 0
    sent: int = 0
    responded: int = 0
    is_by_lot: bool = True
    bought: Group = field(default_factory=lambda: NOBODY)

    @property
    def is_told(self) -> bool:
        return self.n >= LEAST


def kind_of(treated: Arm, held_out: Arm) -> tuple[str, str]:
    """`effect` or `association`, and the sentence that says why."""
    if not held_out.n:
        kind, sentence = "association", NO_HOLD_OUT
    elif treated.is_by_lot and held_out.is_by_lot:
        kind, sentence = "effect", BY_LOT
    else:
        kind, sentence = "association", NOT_BY_LOT
    is_small = 0 < treated.n < LEAST or 0 < held_out.n < LEAST
    return kind, sentence + (FEW if is_small else "")


def shown_arm(arm: Arm) -> dict[str, Any]:
    return {
        "n": arm.n, "sent": arm.sent, "response": _share(arm.responded, arm.n), "purchase": _share(arm.bought.responded, arm.n),
        "orders": arm.bought.orders if arm.is_told else None,
        "revenue": [shown_money(total, c) for c, (total, _) in sorted(arm.bought.money.items())] if arm.is_told else None,
    }  # fmt: skip


def _share(count: int, n: int) -> dict[str, Any] | None:
    if n < LEAST:
        return None
    low, high = wilson(count, n)
    return {"count": count, "share": round(count / n, DIGITS), "low": round(low, DIGITS), "high": round(high, DIGITS)}  # fmt: skip


def shown_costs(treated: Arm, held_out: Arm, costs: Sequence[tuple[Decimal, str]]) -> list[dict[str, Any]]:  # fmt: skip
    """Of each currency by itself; what it cost is told of whomever, by response and order of ten people at least."""
    counts = (treated.responded, treated.bought.orders) if treated.is_told else (0, 0)
    told = Group(treated.n, *counts, {})
    uplift = response_uplift(treated, held_out)
    return [costs_of(told, uplift, cost, currency) for cost, currency in costs]


def response_uplift(treated: Arm, held_out: Arm) -> Difference | None:
    if not (treated.is_told and held_out.is_told):
        return None
    return difference(treated.responded, treated.n, held_out.responded, held_out.n)


def uplifts(treated: Arm, held_out: Arm) -> dict[str, Any]:
    """Treated less held out: the share who responded, the share who bought, money a head by currency."""
    response = response_uplift(treated, held_out)
    if response is None:
        return {"response_uplift": None, "purchase_uplift": None, "money": []}
    one, other = treated.bought, held_out.bought
    return {
        "response_uplift": shown_difference(response),
        "purchase_uplift": shown_difference(difference(one.responded, one.n, other.responded, other.n)),
        "money": [money_difference(c, one, other) for c in sorted({*one.money, *other.money})],
    }  # fmt: skip

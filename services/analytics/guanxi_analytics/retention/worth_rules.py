"""What keeping customers is worth, by the textbook (Kotler and Keller; Gupta and Lehmann 2005). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from guanxi_analytics.modelling.constant_margin import (
    lifetime_value,
    margin_multiple,
    worth_of_retention,
)
from guanxi_shared.survey_figures import share

LEAST: Final = 30  # customers of the year before


@dataclass(frozen=True, slots=True)
class Terms:
    """`points` of retention more; costs of one customer, where they are known, in the currency that was asked for."""

    discount: float
    points: float
    acquisition_cost: float | None
    retention_cost: float | None


def worth(row: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """Of one currency. Margin where every cost is known, else revenue, and then it says so."""
    currency, n, kept = row["currency"], row["customers"], row["kept"]
    of = "margin" if row["is_costed"] else "revenue"
    known = "margin" if row["is_costed"] else "amount"

    def money(value: Any) -> dict[str, str]:
        return {"amount": f"{round(Decimal(value), 2):f}", "currency": currency}

    told: dict[str, Any] = {
        "currency": currency, "of": of, "customers": n, "kept": kept, "lost": row["lost"], "gained": row["gained"],
        "retention": None, "yearly": None, "multiple": None, "lifetime_value": None, "worth_of_retention": None,
        "lost_brought": money(row[f"{known}_lost"]), "lost_value": None, "costs": None,
    }  # fmt: skip
    if n < LEAST:
        return told | {
            "sentence": f"It takes {LEAST} customers of the year before to tell retention; there are {n}."
        }
    rate = kept / n
    yearly = float(row[f"{known}_kept"]) / kept if kept else 0.0
    multiple = margin_multiple(rate, terms.discount)
    value = lifetime_value(yearly, rate, terms.discount)
    more = worth_of_retention(yearly, rate, terms.discount, points=terms.points)
    told |= {
        "retention": share(kept, n), "yearly": money(yearly), "multiple": round(multiple, 4),
        "lifetime_value": money(value), "worth_of_retention": money(more),
        "lost_value": money(float(row[f"{known}_lost"]) * multiple), "costs": _costs(terms, value, more, money),
    }  # fmt: skip
    return told | {"sentence": _sentence(told, rate, terms)}


def _costs(terms: Terms, value: float, more: float, money: Any) -> dict[str, Any] | None:
    """What a new customer leaves after what it took to win them, and what keeping one more surely leaves a year."""
    won, held = terms.acquisition_cost, terms.retention_cost
    if won is None and held is None:
        return None
    return {
        "acquisition": None if won is None else money(won), "retention": None if held is None else money(held),
        "new_customer_leaves": None if won is None else money(value - won),
        "retention_leaves": None if held is None else money(more - held),
        "times": None if won is None or not held else round(won / held, 2),
    }  # fmt: skip


def _sentence(told: Mapping[str, Any], rate: float, terms: Terms) -> str:
    return (
        f"{rate:.0%} of last year's {told['customers']} customers bought again this year. If margins and retention stay as"
        f" they are, a customer is worth {told['multiple']:.2f} years of {told['of']}, discounted by {terms.discount:.0%};"
        f" {terms.points:.0%} points more retention add {told['worth_of_retention']['amount']} to each."
    )

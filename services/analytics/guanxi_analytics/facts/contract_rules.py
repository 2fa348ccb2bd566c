"""What an entitlement says of a contract: one term of it, from its first to its last day, and how long that was agreed for."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from guanxi_analytics.facts.ids import id_of, maybe_id_of
from guanxi_analytics.facts.walking_rules import Pieces

MONTH_DAYS: Final = 30.4375
LENGTHS: Final[Mapping[str, int]] = {
    "month": 1, "quarter": 3, "half_year": 6, "year": 12, "two_years": 24, "three_years": 36
}  # fmt: skip
OTHER: Final = "other"
TERMS: Final = (*LENGTHS, OTHER)
NAMED: Final = ("account_id", "product_id", "renewed_from_id", "owner_id", "team_id")


def contract_of(state: Mapping[str, Any]) -> Pieces:
    first, until = (date.fromisoformat(state[name]) for name in ("valid_from", "valid_until"))
    return {
        id_of(state["id"]): {name: maybe_id_of(state.get(name)) for name in NAMED} | {
            "unit": state["unit"], "term": length_of(first, until), "valid_from": first, "valid_until": until,
            "is_active": bool(state["is_active"]),
        }
    }  # fmt: skip


def length_of(first: date, until: date) -> str:
    """The last day included. A twentieth and two days more or less are still a year."""
    days = (until - first).days + 1
    for name, months in LENGTHS.items():
        if abs(days - months * MONTH_DAYS) <= 2 + 0.05 * months * MONTH_DAYS:
            return name
    return OTHER

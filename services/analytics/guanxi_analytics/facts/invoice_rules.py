"""What an invoice says of itself, one piece; and the age of what is overdue, in stretches of days late. Pure."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from guanxi_analytics.facts.ids import id_of, maybe_id_of
from guanxi_analytics.facts.walking_rules import Pieces

STATUSES: Final = ("open", "paid", "void")
NAMED: Final = ("account_id", "contact_id", "order_id", "owner_id", "team_id")
SUMS: Final = ("amount", "paid", "outstanding")
OLDEST: Final = "over_90"
BUCKETS: Final[Mapping[str, int | None]] = {  # the most days late that belong to each
    "not_due": 0, "1-30": 30, "31-60": 60, "61-90": 90, OLDEST: None,
}  # fmt: skip


def invoice_of(state: Mapping[str, Any]) -> Pieces:
    """Its sums are of one currency, that of its amount."""
    return {
        id_of(state["id"]): {name: maybe_id_of(state.get(name)) for name in NAMED}
        | {name: Decimal(state[name]["amount"]) for name in SUMS} | {
            "invoice_number": state.get("number"), "status": state["status"], "currency": state["amount"]["currency"],
            "issued_on": _day(state["issued_on"]), "due_on": _day(state["due_on"]),
            "paid_on": None if state["paid_on"] is None else _day(state["paid_on"]),
        }
    }  # fmt: skip


def bucket_of(days_late: int) -> str:
    """Where what has been due for so many days stands; nothing is late on the day that it is due on."""
    for name, most in BUCKETS.items():
        if most is not None and days_late <= most:
            return name
    return OLDEST


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)

"""What an order says of sales: its lines, and what came back of them."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid5

from guanxi_analytics.facts.ids import id_of, maybe_id_of
from guanxi_analytics.facts.walking_rules import Piece, Pieces
from guanxi_shared.heard import Event

UNCOUNTED: Final = frozenset({"draft", "cancelled"})
NOTHING: Final[Mapping[str, Any]] = {}


def is_counted(order: Mapping[str, Any]) -> bool:
    """Drafts and cancelled orders are no sales."""
    return order["status"] not in UNCOUNTED and order["ordered_on"] is not None


def bought_of(order: Mapping[str, Any]) -> Pieces:
    """On the order's day, line by line."""
    if not is_counted(order):
        return {}
    common, day = _common(order), date.fromisoformat(order["ordered_on"])
    return {
        id_of(line["id"]): {
            **common, **_product(line), "kind": "bought", "valid_on": day,
            "quantity": Decimal(str(line["quantity"])), "amount": _amount(line["amount"]),
            "cost": _amount(line["cost"]),
        }
        for line in order["lines"]
    }  # fmt: skip


def returned_of(order: Mapping[str, Any], returns: Iterable[Mapping[str, Any]]) -> Pieces:
    """On each return's day, negative."""
    if not is_counted(order):
        return {}
    common = _common(order)
    lines = {id_of(line["id"]): line for line in order["lines"]}
    return {
        uuid5(back["return_id"], str(back["line_id"])): {
            **common, **_product(lines.get(back["line_id"], NOTHING)),
            "kind": "returned", "valid_on": back["returned_on"], "quantity": -back["quantity"],
            "amount": -back["amount"], "cost": None if back["cost"] is None else -back["cost"],
        }
        for back in returns
    }  # fmt: skip


def returns_of(event: Event) -> list[dict[str, Any]]:
    """What an event says came back: a row for each line."""
    told = (event.get("before") or NOTHING).get("return")
    if told is None:
        return []
    return [
        {
            "order_id": id_of(event["subject_id"]), "return_id": id_of(told["id"]),
            "line_id": id_of(part["line_id"]), "returned_on": _day(told["returned_on"]),
            "quantity": Decimal(str(part["quantity"])), "amount": _amount(part["amount"]),
            "cost": _amount(part["cost"]),
        }
        for part in told["lines"]
    ]  # fmt: skip


def _common(order: Mapping[str, Any]) -> dict[str, Any]:
    account, contact = maybe_id_of(order["account_id"]), maybe_id_of(order["contact_id"])
    return {
        "customer_id": account or contact, "account_id": account, "contact_id": contact,
        "opportunity_id": maybe_id_of(order["opportunity_id"]), "source": order["source"],
        "currency": order["currency"], "owner_id": maybe_id_of(order["owner_id"]),
        "team_id": maybe_id_of(order["team_id"]),
    }  # fmt: skip


def _product(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "product_id": maybe_id_of(line.get("product_id")), "sku": line.get("sku"),
        "product": line.get("name"), "category": line.get("category"),
    }  # fmt: skip


def _amount(money: Mapping[str, Any] | None) -> Decimal | None:
    return None if money is None else Decimal(money["amount"])


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def customers_of(rows: Iterable[Piece]) -> set[UUID]:
    return {row["customer_id"] for row in rows if row["customer_id"] is not None}

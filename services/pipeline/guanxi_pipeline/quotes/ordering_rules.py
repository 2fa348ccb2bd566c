"""The order that an accepted quote becomes. Pure.

Net and tax of each line are taken as they were offered, the share of a discount on the whole quote and the
way of reckoning tax included: the order's total is the quote's, whatever was rounded on the way. A line
whose name went with somebody who was erased is named by its position.
"""

from collections.abc import Mapping
from typing import Any

LONGEST_NAME = 200  # of an order's line; the quote keeps the whole of it
NAMES = ("account_id", "contact_id", "opportunity_id", "owner_id", "team_id")


def order_of(quote: Mapping[str, Any], categories: Mapping[str, str]) -> dict[str, Any]:
    """As `orders.placing.place_order` takes it, from the quote's stored row."""
    order: dict[str, Any] = {name: quote[name] for name in NAMES if quote[name] is not None}
    is_somebodys = "account_id" in order or "contact_id" in order
    return order | {
        "quote_id": quote["id"],
        "is_account_verified": quote["is_account_verified"],
        "currency": quote["currency"],
        "status": "placed" if is_somebodys and quote["lines"] else "draft",
        "lines": [_line(line, categories) for line in quote["lines"]],
    }


def _line(line: Mapping[str, Any], categories: Mapping[str, str]) -> dict[str, Any]:
    found = {name: line.get(name) for name in ("product_id", "sku", "quantity")}
    found |= {
        "name": line["name"][:LONGEST_NAME] or f"#{line['position']}", "tax": line["tax"], "unit_cost": line.get("cost"),
        "category": categories.get(str(line.get("product_id"))),
    }  # fmt: skip
    if line["net"] == line["amount"]:  # nothing of it was taken off the whole, nor is tax inside
        found |= {"unit_price": line["unit_price"], "discount": line["discount"]}
    else:
        found |= {"amount": line["net"]}
    return {name: value for name, value in found.items() if value is not None}

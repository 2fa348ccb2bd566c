"""The order that an accepted quote becomes. Pure.

Net and tax of each line are taken as they were offered, the share of a discount on the whole quote and the
way of reckoning tax included: the order's total is the quote's, whatever was rounded on the way.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

NAMES = ("account_id", "contact_id", "opportunity_id", "owner_id", "team_id")


def order_of(quote: Mapping[str, Any], categories: Mapping[str, str]) -> dict[str, Any]:
    """As `orders.placing.place_order` takes it, from the quote's stored row."""
    order: dict[str, Any] = {name: quote[name] for name in NAMES if quote[name] is not None}
    return order | {
        "quote_id": quote["id"],
        "currency": quote["currency"],
        "status": "placed" if quote["account_id"] is not None and quote["lines"] else "draft",
        "lines": [_line(line, categories) for line in quote["lines"]],
    }


def _line(line: Mapping[str, Any], categories: Mapping[str, str]) -> dict[str, Any]:
    found = {name: line.get(name) for name in ("product_id", "sku", "name", "quantity")}
    found |= {"category": categories.get(str(line.get("product_id"))), "tax": line["tax"]}
    if line["net"] == line["amount"]:  # nothing of it was taken off the whole, nor is tax inside
        found |= {"unit_price": line["unit_price"], "discount": line["discount"]}
    else:
        found |= {"amount": line["net"]}
    if line.get("cost") is not None:
        found["cost"] = _whole_cost(line)
    return {name: value for name, value in found.items() if value is not None}


def _whole_cost(line: Mapping[str, Any]) -> dict[str, str]:
    """Of the whole line, of a cost for one; in the digits that the net has."""
    cost = Decimal(str(line["quantity"])) * Decimal(line["cost"]["amount"])
    places = Decimal(line["net"]["amount"]).as_tuple().exponent
    assert isinstance(places, int)
    whole = cost.quantize(Decimal(1).scaleb(places), rounding="ROUND_HALF_UP")
    return {"amount": f"{whole:f}", "currency": line["cost"]["currency"]}

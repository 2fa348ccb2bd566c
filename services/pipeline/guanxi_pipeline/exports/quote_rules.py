"""Quotes as rows of a table, one for each line, under the names that an import reads. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from guanxi_shared.exports.flat_rules import plain
from guanxi_shared.exports.tables import Names

Row = dict[str, Any]
NAMED: Final = ("owner", "team", "account", "opportunity")
# What is reckoned: of the whole quote, and of a line. An import reckons it anew.
SUMS: Final = ("subtotal", "discount", "net", "tax", "total", "cost")
LINE_SUMS: Final = ("amount", "net", "tax", "gross")
LINE_MONEYS: Final = ("unit_price", "cost")
LINE: Final = (
    "product_id", "sku", "product", "line_description", "quantity", "unit", "unit_price", "discount",
    "tax_class", "tax_rate", "cost", *(f"line_{name}" for name in LINE_SUMS),
)  # fmt: skip
WIDE: Final[Mapping[str, Sequence[str]]] = {
    **{f"{name}_id": (name, f"{name}_id") for name in NAMED},
    "lines": LINE,
    "discount": ("quote_discount", "quote_discount_amount"),
    "totals": tuple(f"sum_{name}" for name in SUMS),
    "net": ("quote_net",),
    "total": ("quote_total",),
    "decision": ("decided_by",),
}


def flat_lines(row: Mapping[str, Any], names: Names) -> list[Row]:
    """What is of the quote stands in each of its rows; one without lines is one row."""
    quote: Row = {}
    lines: Sequence[Mapping[str, Any]] = ()
    for name, stored in row.items():
        value = plain(stored)
        if name == "lines":
            lines = value
        else:
            quote |= _columns(name, value)
    for name in NAMED:
        if f"{name}_id" in quote:
            quote[name] = names.get(name, {}).get(quote[f"{name}_id"])
    return [{**quote, **_line(line)} for line in lines] or [quote]


def _columns(name: str, value: Any) -> Row:
    match name:
        case "totals":
            return {f"sum_{each}": _number(value.get(each)) for each in SUMS}
        case "net" | "total":
            return {f"quote_{name}": _number(value)}
        case "custom":
            return {f"custom.{key}": item for key, item in value.items()}
        case "discount":
            found = value or {}
            amount = _number(found.get("amount"))
            return {"quote_discount": found.get("percent"), "quote_discount_amount": amount}
        case "approvals":
            return {name: [f"{step['name']}: {step['status']}" for step in value]}
        case "decision":
            return {"decided_by": None if value is None else value["name"]}
    return {name: value}


def _line(line: Mapping[str, Any]) -> Row:
    found = {name: line.get(name) for name in LINE}
    found |= {"product": line.get("name"), "line_description": line.get("description")}
    found |= {name: _number(line.get(name)) for name in LINE_MONEYS}
    found |= {f"line_{name}": _number(line.get(name)) for name in LINE_SUMS}
    return found | {"discount": line.get("discount") or None}


def _number(money: Mapping[str, str] | None) -> Decimal | None:
    """In the quote's one currency, which has a column of its own."""
    return None if money is None else Decimal(money["amount"])


def named_deals(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """The ids of opportunities whose names a table of these rows shows."""
    return {row["opportunity_id"] for row in rows if row.get("opportunity_id")}

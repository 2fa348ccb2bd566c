"""Quotes as rows of a table, one for each line, under the names that an import reads. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from guanxi_pipeline.exports.lined_rules import (
    Row,
    line_rows,
    number_of,
    with_custom,
    with_names,
)
from guanxi_shared.exports.flat_rules import plain
from guanxi_shared.exports.tables import Names

NAMED: Final = ("owner", "team", "account", "opportunity")
# What is reckoned: of the whole quote, and of a line. An import reckons it anew.
SUMS: Final = ("subtotal", "discount", "net", "tax", "total", "cost")
LINE_SUMS: Final = {f"line_{name}": name for name in ("amount", "net", "tax", "gross")}
LINE_MONEYS: Final = {"unit_price": "unit_price", "cost": "cost", **LINE_SUMS}
LINE: Final = (
    "product_id", "sku", "product", "line_description", "quantity", "unit", "unit_price", "discount",
    "tax_class", "tax_rate", "cost", *LINE_SUMS,
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
    quote: Row = {}
    lines: Sequence[Mapping[str, Any]] = ()
    for name, stored in row.items():
        value = plain(stored)
        if name == "lines":
            lines = [each | {"line_description": each.get("description")} for each in value]
        else:
            quote |= _columns(name, value)
    return line_rows(with_names(quote, names, NAMED), lines, LINE, LINE_MONEYS)


def _columns(name: str, value: Any) -> Row:
    match name:
        case "totals":
            return {f"sum_{each}": number_of(value.get(each)) for each in SUMS}
        case "net" | "total":
            return {f"quote_{name}": number_of(value)}
        case "custom":
            return with_custom(value)
        case "discount":
            found = value or {}
            amount = number_of(found.get("amount"))
            return {"quote_discount": found.get("percent"), "quote_discount_amount": amount}
        case "approvals":
            return {name: [f"{step['name']}: {step['status']}" for step in value]}
        case "decision":
            return {"decided_by": None if value is None else value["name"]}
    return {name: value}


def named_deals(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """The ids of opportunities whose names a table of these rows shows."""
    return {row["opportunity_id"] for row in rows if row.get("opportunity_id")}

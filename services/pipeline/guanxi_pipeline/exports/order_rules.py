"""Orders as rows of a table, one for each line, under the names that an import reads. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from guanxi_shared.exports.flat_rules import plain
from guanxi_shared.exports.tables import Names

Row = dict[str, Any]
NAMED: Final = ("owner", "team", "account")
# The order's own sums, beside those of its lines; an import reckons them anew.
SUMS: Final = ("subtotal", "tax", "total", "cost", "costed", "margin", "refunded")
LINE_MONEYS: Final = ("unit_price", "amount", "tax", "cost")
LINE: Final = (
    "product_id",
    "sku",
    "product",
    "category",
    "quantity",
    "discount",
    "tax_rate",
    *LINE_MONEYS,
)
WIDE: Final[Mapping[str, Sequence[str]]] = {
    **{f"{name}_id": (name, f"{name}_id") for name in NAMED},
    **{name: (f"order_{name}",) for name in SUMS},
    "lines": LINE,
}


def flat_lines(row: Mapping[str, Any], names: Names) -> list[Row]:
    """What is of the order stands in each of its rows; one without lines is one row."""
    order: Row = {}
    lines: Sequence[Mapping[str, Any]] = ()
    for name, stored in row.items():
        value = plain(stored)
        if name == "lines":
            lines = value
        elif name in SUMS:
            order[f"order_{name}"] = _number(value)
        elif name == "shipping":
            order[name] = _number(value)
        elif name == "custom":
            order |= {f"custom.{key}": item for key, item in value.items()}
        else:
            order[name] = value
    for name in NAMED:
        if f"{name}_id" in order:
            order[name] = names.get(name, {}).get(order[f"{name}_id"])
    return [{**order, **_line(line)} for line in lines] or [order]


def _line(line: Mapping[str, Any]) -> Row:
    """A line without a unit price is its amount; with one, the amount follows from it."""
    found = {name: line.get(name) for name in LINE} | {"product": line.get("name")}
    found |= {name: _number(line.get(name)) for name in LINE_MONEYS}
    return found | {"discount": line.get("discount") or None}


def _number(money: Mapping[str, str] | None) -> Decimal | None:
    """In the order's one currency, which has a column of its own."""
    return None if money is None else Decimal(money["amount"])

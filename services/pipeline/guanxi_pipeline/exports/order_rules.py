"""Orders as rows of a table, one for each line, under the names that an import reads. Pure."""

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
    """A line without a unit price is its amount; with one, the amount follows from it."""
    order: Row = {}
    lines: Sequence[Mapping[str, Any]] = ()
    for name, stored in row.items():
        value = plain(stored)
        if name == "lines":
            lines = value
        elif name in SUMS:
            order[f"order_{name}"] = number_of(value)
        elif name == "shipping":
            order[name] = number_of(value)
        elif name == "custom":
            order |= with_custom(value)
        else:
            order[name] = value
    moneys = {name: name for name in LINE_MONEYS}
    return line_rows(with_names(order, names, NAMED), lines, LINE, moneys)

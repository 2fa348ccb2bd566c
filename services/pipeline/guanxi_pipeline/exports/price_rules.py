"""Price books as rows of a table, one for each entry, under the names that an import reads. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from guanxi_shared.exports.flat_rules import plain
from guanxi_shared.exports.tables import Names

Row = dict[str, Any]
ENTRY: Final = "entry"
COLUMNS: Final = ("sku", "product", "product_id", "unit_price", "min_quantity", "discount_limit")


def flat_entry(row: Mapping[str, Any], names: Names) -> list[Row]:
    """What is of the book stands in each of its rows; one without entries is one row."""
    found = {name: plain(value) for name, value in row.items() if name != ENTRY}
    entry = row.get(ENTRY)
    if entry is not None:
        price = Decimal(
            entry["unit_price"]
        )  # in the book's currency, which has a column of its own
        found |= {name: entry.get(name) for name in COLUMNS}
        found |= {"product": entry["name"], "unit_price": price}
    return [found]

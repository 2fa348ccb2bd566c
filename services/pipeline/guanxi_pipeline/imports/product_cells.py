"""The product that a row or the defaults name, kept for whoever has the database."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.products.named import FoundProducts, Product
from guanxi_shared.imports.cells import CellReader, reason
from guanxi_shared.imports.prepared import Prepared

FIELDS: Final = ("product_id", "sku", "product")
PRODUCT: Final = "product"


def take_product(found: Prepared, document: dict[str, Any], cells: CellReader) -> None:
    """Into `more["product"]`, as a line of an order says it (see products/named.py)."""
    given = {name: found.references.pop(name, None) or document.pop(name, None) for name in FIELDS}
    said = {name: str(value).strip() for name, value in given.items() if value}
    if "product_id" in said and not _is_id(said["product_id"]):
        column = cells.column_of("product_id") or "product_id"
        found.reasons.append(reason(column, said["product_id"], f"{column}: is no id."))
    elif said:
        found.more[PRODUCT] = {"name" if n == "product" else n: text for n, text in said.items()}


def product_of(
    row: Prepared, products: FoundProducts, column_of: Callable[[str], str]
) -> Product | None:
    """The one product that is meant; a reason of the row where there is none, or are several."""
    line = row.more[PRODUCT]
    found = products.of(line)
    if found is None:
        field = next(name for name in ("product_id", "sku", "name") if name in line)
        column, text = column_of("product" if field == "name" else field), line[field]
        several = len(products.meant(line))
        said = f"{several} products are called so" if several else "there is no such product"
        row.reasons.append(reason(column, text, f"{column}: {text!r}: {said}"))
    return found


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True

"""Pure decisions about products: stored columns, what they are found by, bundles without cycles."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from guanxi_pipeline.errors import BundleCycle
from guanxi_shared.matching import search_columns
from guanxi_shared.text import normalise

FOUND_BY = frozenset({"sku", "name", "category", "external_id"})


def columns_from(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Stored columns from the API's fields."""
    columns = {name: value for name, value in sent.items() if name != "cost"}
    if "cost" in sent:
        cost = sent["cost"] or {}
        amount = cost.get("amount")
        columns["cost_amount"] = None if amount is None else Decimal(amount)
        columns["cost_currency"] = cost.get("currency")
    if "components" in sent:
        components = [
            {**part, "product_id": str(part["product_id"])} for part in sent["components"]
        ]
        columns["components"] = components
        columns["component_ids"] = unique(UUID(part["product_id"]) for part in components)
        if len(columns["component_ids"]) < len(components):
            raise BundleCycle(
                "A product is named twice in the bundle.",
                errors={"components": "Name each product once, with its quantity."},
            )
    return columns


def unique(ids: Iterable[UUID]) -> list[UUID]:
    return list(dict.fromkeys(ids))


def sku_key(sku: str) -> str:
    """The match key of an article number."""
    return f"k:{normalise(sku)}"


def found_by(row: Mapping[str, Any]) -> dict[str, Any]:
    """The search columns: by name and number, pinyin included; the category is a word besides."""
    about = {"emails": [], "phones": [], **row}
    return search_columns(
        [row["name"], row["sku"]], about, words=[row.get("category")],
        more_keys={sku_key(row["sku"])},
    )  # fmt: skip


def demand_no_cycle(product_id: UUID, parts: Sequence[tuple[UUID, UUID]]) -> None:
    """`parts` are pairs (bundle, component) of all that the bundle holds, at any depth. Raises
    BundleCycle when it holds itself."""
    if product_id in {component for _, component in parts}:
        raise BundleCycle(
            "A bundle cannot hold itself, through others either.",
            errors={"components": "One of these holds this product already."},
        )

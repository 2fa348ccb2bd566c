"""What a product says of itself: one piece."""

from collections.abc import Mapping
from typing import Any

from guanxi_analytics.facts.walking_rules import Pieces
from guanxi_shared.heard import id_of


def product_of(state: Mapping[str, Any]) -> Pieces:
    """Its name under the word that sales have for it."""
    told = {"product": state["name"], "sku": state["sku"], "category": state["category"]}
    return {id_of(state["id"]): told}

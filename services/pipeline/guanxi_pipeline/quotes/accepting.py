"""What follows when a customer accepts, in the very transaction of the acceptance: an order of what was
offered, to the smallest unit of every line."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_pipeline.orders.placing import place_order
from guanxi_pipeline.quotes.ordering_rules import order_of
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection

CATEGORIES = """
SELECT id, category FROM products WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND category IS NOT NULL
"""


async def follow_acceptance(
    connection: Connection, organisation: UUID, quote: Mapping[str, Any], *, actor: Actor
) -> UUID | None:
    """The id of the order that comes of the quote (its stored row, accepted). One that nobody is named
    on begins as a draft: somebody has to say whose it is."""
    rows = await connection.fetch(CATEGORIES, organisation, quote["product_ids"])
    categories = {str(row["id"]): row["category"] for row in rows}
    state = await place_order(connection, organisation, order_of(quote, categories), actor=actor)
    return UUID(str(state["id"]))

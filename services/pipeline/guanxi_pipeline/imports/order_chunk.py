"""What is there of the orders that a chunk of rows speaks of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from guanxi_pipeline.orders.placing import NewOrder
from guanxi_pipeline.products.named import FoundProducts
from guanxi_pipeline.references.named import NamedAccounts
from guanxi_shared.db import Connection
from guanxi_shared.imports.prepared import Prepared, Terms
from guanxi_shared.many_records import Change
from guanxi_shared.records import Loaded
from guanxi_shared.visibility import Scope

BY_ID = """
SELECT id, id::text AS key, deleted_at IS NOT NULL AS is_deleted FROM orders
WHERE organisation_id = $1 AND id = ANY($2::uuid[])
"""
BY_WORD = """
SELECT id, {column} AS key, false AS is_deleted FROM orders
WHERE organisation_id = $1 AND {column} = ANY($2::text[]) AND deleted_at IS NULL ORDER BY id
"""


@dataclass(slots=True)
class Chunk:
    """What was found for the orders of a chunk, and what is to be written of them."""

    accounts: NamedAccounts
    products: FoundProducts
    known: dict[str, list[UUID]]
    deleted: set[UUID]
    loaded: Mapping[UUID, Loaded]
    taken: set[str]
    scope: Scope
    account_names: Mapping[UUID, str]  # of those of `loaded`
    new: list[NewOrder] = field(default_factory=list)
    changes: list[tuple[Change, bool]] = field(default_factory=list)  # whether lines differ


def word_of(key: str, order: Prepared) -> str | None:
    """By which of the known and planned ones the order is recognised; None if by none."""
    if key == "id":
        return None if order.wanted_id is None else str(order.wanted_id)
    return f"{key} {order.keys[0]}" if order.keys else None


async def find_known(
    connection: Connection, terms: Terms, orders: Sequence[Prepared]
) -> tuple[dict[str, list[UUID]], set[UUID]]:
    """Ids of those that are there, by key; and which of the wanted ids are of deleted ones."""
    organisation, key = terms.organisation_id, terms.options.key
    known: dict[str, list[UUID]] = {}
    if ids := [o.wanted_id for o in orders if o.wanted_id is not None]:
        rows = await connection.fetch(BY_ID, organisation, ids)
        deleted = {row["id"] for row in rows if row["is_deleted"]}
        known |= {row["key"]: [row["id"]] for row in rows if not row["is_deleted"]}
    else:
        deleted = set()
    if words := [word for order in orders for word in order.keys]:
        for row in await connection.fetch(BY_WORD.format(column=key), organisation, words):
            known.setdefault(f"{key} {row['key']}", []).append(row["id"])
    return known, deleted

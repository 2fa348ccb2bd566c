"""Use cases of products: load, decide, change, publish."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import orjson

from guanxi_pipeline.products import rules
from guanxi_pipeline.products.resources import PRODUCTS
from guanxi_pipeline.products.schemas import ProductCreate, ProductUpdate
from guanxi_pipeline.tax_classes.service import demand_tax_class
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.matching import match_key
from guanxi_shared.records import State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version
from guanxi_shared.written import stored

DEFAULTS: Mapping[str, Any] = {
    "prices": [], "components": [], "component_ids": [], "tags": [], "is_active": True,
}  # fmt: skip
# One writer of bundles at a time: two that are put into each other at once would make a cycle.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('bundles ' || $1::text, 0))"
PARTS = """
WITH RECURSIVE held AS (
  SELECT p.id, unnest(p.component_ids) AS part FROM products p
   WHERE p.organisation_id = $1 AND p.id = ANY($2::uuid[])
  UNION SELECT p.id, c.id FROM held
   JOIN products p ON p.organisation_id = $1 AND p.id = held.part CROSS JOIN LATERAL unnest(p.component_ids) AS c (id))
SELECT id, part FROM held
"""
UNKNOWN = """
SELECT w.id FROM unnest($3::uuid[]) AS w (id) WHERE NOT EXISTS (
  SELECT 1 FROM products p WHERE p.organisation_id = $2 AND p.id = w.id AND p.deleted_at IS NULL) LIMIT 1
"""
CATEGORIES = """
SELECT category, count(*) AS products, count(*) FILTER (WHERE is_active) AS active FROM products
WHERE organisation_id = $2 AND deleted_at IS NULL GROUP BY category ORDER BY category NULLS LAST
"""
BY_ID = "SELECT id FROM products WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL"
BY_KEY = """
SELECT id FROM products_search
WHERE organisation_id = $1 AND match_keys @> ARRAY[$2::text] AND deleted_at IS NULL ORDER BY id LIMIT 1000
"""


async def create_product(call: Call, connection: Connection, data: ProductCreate) -> State:
    sent = data.model_dump(exclude_unset=True, exclude_none=True)
    columns = {
        **DEFAULTS, "organisation_id": call.organisation, "id": data.id or new_id(),
        **rules.columns_from(sent),
    }  # fmt: skip
    columns["custom"] = await stored(call, PRODUCTS, sent.get("custom", {}))
    await demand_tax_class(call, columns.get("tax_class"))
    await _demand_components(call, connection, columns["id"], columns["component_ids"])
    columns |= rules.found_by(columns)
    return await records.insert_record(connection, PRODUCTS, columns, actor=call.actor)


async def update_product(
    call: Call, connection: Connection, product_id: UUID, data: ProductUpdate, version: int | None
) -> State:
    sent = data.model_dump(exclude_unset=True)
    changes = rules.columns_from(sent)
    if "component_ids" in changes:
        await _demand_components(call, connection, product_id, changes["component_ids"])
    loaded = await records.load_record(connection, PRODUCTS, product_id, scope=EVERYTHING)
    await check_version(connection, PRODUCTS, loaded, version)
    if "custom" in sent:
        changes["custom"] = await stored(
            call, PRODUCTS, sent["custom"], present=loaded.row["custom"]
        )
    await demand_tax_class(call, changes.get("tax_class"))
    if rules.FOUND_BY & set(changes):
        changes |= rules.found_by({**loaded.row, **changes})
    return await records.update_record(connection, PRODUCTS, loaded, changes, actor=call.actor)


async def delete_product(
    call: Call, connection: Connection, product_id: UUID, version: int | None
) -> State:
    """Quotes and orders keep what they say of it; price books and bundles name it no more."""
    loaded = await records.load_record(connection, PRODUCTS, product_id, scope=EVERYTHING)
    await check_version(connection, PRODUCTS, loaded, version)
    return await records.delete_record(connection, PRODUCTS, loaded, actor=call.actor)


async def restore_product(call: Call, connection: Connection, product_id: UUID) -> State:
    loaded = await records.load_record(
        connection, PRODUCTS, product_id, scope=EVERYTHING, deleted=True
    )
    return await records.restore_record(connection, PRODUCTS, loaded, actor=call.actor)


async def find_products(call: Call, connection: Connection, field: str, value: str) -> list[UUID]:
    """The products that a batch's `match` or an import's key means (at most a thousand)."""
    if field == "id":
        return [r["id"] for r in await connection.fetch(BY_ID, call.organisation, value)]
    key = rules.sku_key(value) if field == "sku" else None
    if field in ("external_id", "name"):
        key = match_key(field, value)
    if key is None:
        raise UnknownReference(
            f"Products cannot be matched by {field!r}.",
            errors={"match": "Match by id, sku, external_id or name."},
        )
    return [row["id"] for row in await connection.fetch(BY_KEY, call.organisation, key)]


async def list_categories(call: Call) -> bytes:
    rows = await call.db.fetch(call.organisation, CATEGORIES, call.organisation)
    return orjson.dumps({"data": [dict(row) for row in rows]})


async def demand_products(call: Call, ids: Collection[UUID], *, field: str) -> None:
    """Every product that is named is there; UnknownReference names the field."""
    if not ids:
        return
    rows = await call.db.lookup(call.organisation, UNKNOWN, call.organisation, list(ids))
    if rows:
        raise UnknownReference(
            f"There is no product {str(rows[0]['id'])!r}.",
            errors={field: "There is no such product."},
        )


async def _demand_components(
    call: Call, connection: Connection, product_id: UUID, components: Collection[UUID]
) -> None:
    if not components:
        return
    await demand_products(call, [c for c in components if c != product_id], field="components")
    await connection.execute(LOCK, str(call.organisation))
    rows = await connection.fetch(PARTS, call.organisation, list(components))
    held = [(row["id"], row["part"]) for row in rows]
    rules.demand_no_cycle(product_id, [*((product_id, c) for c in components), *held])

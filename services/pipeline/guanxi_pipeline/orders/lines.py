"""The lines of orders as rows: entered by the many, in one statement, from what the API shows."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from guanxi_pipeline.errors import LineTaken
from guanxi_pipeline.orders.line_rules import Line
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id

ENTER = """
INSERT INTO order_lines AS l (organisation_id, order_id, id, position, product_id, sku, name, category, quantity,
  unit_price, discount, amount, tax_rate, tax, cost, fulfilled, returned, refunded)
SELECT $1, e.order_id, e.id, e.position, e.product_id, e.sku, e.name, e.category, e.quantity,
  (e.unit_price->>'amount')::numeric, e.discount, (e.amount->>'amount')::numeric, e.tax_rate,
  (e.tax->>'amount')::numeric, (e.cost->>'amount')::numeric, e.fulfilled, e.returned, (e.refunded->>'amount')::numeric
FROM jsonb_to_recordset($2::text::jsonb) AS e (order_id uuid, id uuid, position bigint, product_id uuid, sku text,
  name text, category text, quantity numeric, unit_price jsonb, discount numeric, amount jsonb, tax_rate numeric,
  tax jsonb, cost jsonb, fulfilled numeric, returned numeric, refunded jsonb)
"""
# Of an order's own lines alone: another one's id is a conflict, and refused.
CHANGE = """
ON CONFLICT (organisation_id, id) DO UPDATE SET position = excluded.position, product_id = excluded.product_id,
  sku = excluded.sku, name = excluded.name, category = excluded.category, quantity = excluded.quantity,
  unit_price = excluded.unit_price, discount = excluded.discount, amount = excluded.amount,
  tax_rate = excluded.tax_rate, tax = excluded.tax, cost = excluded.cost, fulfilled = excluded.fulfilled,
  returned = excluded.returned, refunded = excluded.refunded
WHERE l.order_id = excluded.order_id
"""
REMOVE = """
DELETE FROM order_lines WHERE organisation_id = $1 AND order_id = ANY($2::uuid[]) AND id <> ALL($3::uuid[])
"""


def with_ids(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**line, "id": line.get("id") or new_id()} for line in lines]


async def enter_lines(
    connection: Connection, organisation: UUID, orders: Collection[tuple[UUID, Sequence[Line]]]
) -> None:
    """The lines of new orders; LineTaken if one that is brought with its id is another order's."""
    rows = [row for order_id, lines in orders for row in _rows(order_id, lines)]
    if not rows:
        return
    try:
        await connection.execute(ENTER, organisation, orjson.dumps(rows, default=str).decode())
    except asyncpg.UniqueViolationError as error:
        raise LineTaken(
            "A line has the id of a line of another order.",
            errors={"lines": "Leave the ids out for new lines."},
        ) from error


async def set_lines(
    connection: Connection, organisation: UUID, order_id: UUID, lines: Sequence[Line]
) -> None:
    """The lines of an order as they are now: those that are left out go."""
    await set_many_lines(connection, organisation, [(order_id, lines)])


async def set_many_lines(
    connection: Connection, organisation: UUID, orders: Collection[tuple[UUID, Sequence[Line]]]
) -> None:
    if not orders:
        return
    ids = [UUID(line["id"]) for _, lines in orders for line in lines]
    await connection.execute(REMOVE, organisation, [order_id for order_id, _ in orders], ids)
    rows = [row for order_id, lines in orders for row in _rows(order_id, lines)]
    await connection.execute(ENTER + CHANGE, organisation, orjson.dumps(rows, default=str).decode())


def _rows(order_id: UUID, lines: Sequence[Line]) -> list[dict[str, Any]]:
    return [{**line, "order_id": order_id, "position": at} for at, line in enumerate(lines)]

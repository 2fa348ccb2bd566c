"""Use cases of categories: a tree without circles; one in use is not taken away."""

from typing import Any
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version
from guanxi_tickets.article_categories.resources import CATEGORIES
from guanxi_tickets.errors import CategoryCycle, CategoryInUse

# One who changes the tree at a time: two moves that are right one by one may close a circle together.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('article categories ' || $1::text, 0))"
# The way up from $2, itself included.
WAY = """
WITH RECURSIVE up AS (
  SELECT id, parent_id FROM article_categories WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL
  UNION SELECT c.id, c.parent_id FROM up
  JOIN article_categories c ON c.organisation_id = $1 AND c.id = up.parent_id)
SELECT id FROM up
"""
IN_USE = """
SELECT EXISTS (SELECT 1 FROM article_categories
    WHERE organisation_id = $1 AND parent_id = $2 AND deleted_at IS NULL)
  OR EXISTS (SELECT 1 FROM articles
    WHERE organisation_id = $1 AND category_id = $2 AND deleted_at IS NULL)
"""
BY_ID = """
SELECT id FROM article_categories WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL
"""
BY_NAME = """
SELECT id FROM article_categories
WHERE organisation_id = $1 AND name = $2::text AND deleted_at IS NULL ORDER BY id LIMIT 1000
"""


async def create_category(call: Call, connection: Connection | Deferred, data: Any) -> State:
    sent = data.model_dump(exclude_unset=True, exclude_none=True, exclude={"id"})
    columns = {
        "position": 0, **sent, "id": data.id or new_id(), "organisation_id": call.organisation,
    }  # fmt: skip
    await _demand_parent(connection, columns)
    return await records.insert_record(connection, CATEGORIES, columns, actor=call.actor)


async def update_category(
    call: Call, connection: Connection, category_id: UUID, data: Any, version: int | None
) -> State:
    changes = data.model_dump(exclude_unset=True)
    if changes.get("parent_id") is not None:
        if isinstance(connection, Deferred):
            await connection.open()
        await connection.execute(LOCK, str(call.organisation))
    loaded = await records.load_record(connection, CATEGORIES, category_id, scope=EVERYTHING)
    await check_version(connection, CATEGORIES, loaded, version)
    if "parent_id" in changes:
        await _demand_parent(connection, {**loaded.row, **changes})
    return await records.update_record(connection, CATEGORIES, loaded, changes, actor=call.actor)


async def _demand_parent(connection: Connection | Deferred, row: dict[str, Any]) -> None:
    if row.get("parent_id") is None:
        return
    asked = (row["organisation_id"], row["parent_id"])
    way = [each["id"] for each in await connection.fetch(WAY, *asked)]
    if row["id"] in (*way, row["parent_id"]):
        raise CategoryCycle("A category cannot stand under itself.", errors={"parent_id": "It leads back here."})  # fmt: skip
    if not way:
        raise UnknownReference(
            "parent_id names no category.", errors={"parent_id": "There is no such category."}
        )


async def delete_category(
    call: Call, connection: Connection, category_id: UUID, version: int | None
) -> State:
    await connection.execute(LOCK, str(call.organisation))
    loaded = await records.load_record(connection, CATEGORIES, category_id, scope=EVERYTHING)
    await check_version(connection, CATEGORIES, loaded, version)
    if await connection.fetchval(IN_USE, call.organisation, category_id):
        raise CategoryInUse("Move what stands in it first.")
    return await records.delete_record(connection, CATEGORIES, loaded, actor=call.actor)


async def restore_category(call: Call, connection: Connection, category_id: UUID) -> State:
    await connection.execute(LOCK, str(call.organisation))
    loaded = await records.load_record(
        connection, CATEGORIES, category_id, scope=EVERYTHING, deleted=True
    )
    await _demand_parent(connection, loaded.row)
    return await records.restore_record(connection, CATEGORIES, loaded, actor=call.actor)


async def find_categories(call: Call, connection: Connection, field: str, value: str) -> list[UUID]:
    """The categories that a batch's `match` means (at most a thousand)."""
    if field not in ("id", "name"):
        raise UnknownReference(
            f"Categories cannot be matched by {field!r}.", errors={"match": "Match by id or name."}
        )
    sql = BY_ID if field == "id" else BY_NAME
    return [row["id"] for row in await connection.fetch(sql, call.organisation, value)]

"""Use cases of price books; their entries are in entries.py, what something costs in pricing.py."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_pipeline.price_books.resources import PRICE_BOOKS
from guanxi_pipeline.price_books.schemas import PriceBookCreate, PriceBookUpdate
from guanxi_pipeline.references.service import find_references
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version

BY_ID = """
SELECT id FROM price_books WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL
"""
BY_TEXT = """
SELECT id FROM price_books WHERE organisation_id = $1 AND {field} = $2 AND deleted_at IS NULL ORDER BY id LIMIT 1000
"""


async def create_price_book(call: Call, connection: Connection, data: PriceBookCreate) -> State:
    columns = data.model_dump(exclude={"id"})
    columns |= {"organisation_id": call.organisation, "id": data.id or new_id(), "entry_count": 0}
    demand_order(columns)
    await _set_accounts(call, columns)
    return await records.insert_record(connection, PRICE_BOOKS, columns, actor=call.actor)


async def update_price_book(
    call: Call, connection: Connection, price_book_id: UUID, data: PriceBookUpdate,
    version: int | None,
) -> State:  # fmt: skip
    loaded = await records.load_record(connection, PRICE_BOOKS, price_book_id, scope=EVERYTHING)
    await check_version(connection, PRICE_BOOKS, loaded, version)
    changes = data.model_dump(exclude_unset=True)
    demand_order({**loaded.row, **changes})
    await _set_accounts(call, changes)
    return await records.update_record(connection, PRICE_BOOKS, loaded, changes, actor=call.actor)


async def delete_price_book(
    call: Call, connection: Connection, price_book_id: UUID, version: int | None
) -> State:
    loaded = await records.load_record(connection, PRICE_BOOKS, price_book_id, scope=EVERYTHING)
    await check_version(connection, PRICE_BOOKS, loaded, version)
    return await records.delete_record(connection, PRICE_BOOKS, loaded, actor=call.actor)


async def restore_price_book(call: Call, connection: Connection, price_book_id: UUID) -> State:
    loaded = await records.load_record(
        connection, PRICE_BOOKS, price_book_id, scope=EVERYTHING, deleted=True
    )
    return await records.restore_record(connection, PRICE_BOOKS, loaded, actor=call.actor)


async def find_price_books(
    call: Call, connection: Connection, field: str, value: str
) -> list[UUID]:
    if field not in ("id", "name", "external_id"):
        raise UnknownReference(
            f"Price books cannot be matched by {field!r}.",
            errors={"match": "Match by id, external_id or name."},
        )
    sql = BY_ID if field == "id" else BY_TEXT.format(field=field)
    return [row["id"] for row in await connection.fetch(sql, call.organisation, value)]


def demand_order(row: Mapping[str, Any]) -> None:
    first, last = row.get("valid_from"), row.get("valid_to")
    if first is not None and last is not None and last < first:
        raise Invalid(
            "It would end before it begins.", errors={"valid_to": "Send a day after valid_from."}
        )


async def _set_accounts(call: Call, columns: dict[str, Any]) -> None:
    """The accounts that are named, merged ones as their survivors."""
    if ids := columns.get("account_ids"):
        found = await find_references(call, "accounts", ids, field="account_ids")
        columns["account_ids"] = list(dict.fromkeys(found[id].id for id in ids))

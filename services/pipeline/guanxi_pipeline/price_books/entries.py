"""The entries of a price book: ten thousand of them in one statement, one writer of a book at a time."""

import base64
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from starlette.responses import Response

from guanxi_pipeline.errors import MixedCurrencies
from guanxi_pipeline.price_books.resources import PRICE_BOOKS
from guanxi_pipeline.price_books.schemas import EntriesPatch, EntriesPut, Entry
from guanxi_pipeline.sum_rules import money
from guanxi_shared import reads, records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import Invalid, Malformed, UnknownReference
from guanxi_shared.records import Loaded
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version

ARRIVING = "(product_id uuid, min_quantity numeric, unit_price numeric, discount_limit numeric)"
UNKNOWN = f"""
SELECT e.n - 1 AS n FROM ROWS FROM (jsonb_to_recordset($2::text::jsonb) AS {ARRIVING}) WITH ORDINALITY
  AS e (product_id, min_quantity, unit_price, discount_limit, n)
WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.organisation_id = $1 AND p.id = e.product_id AND p.deleted_at IS NULL)
ORDER BY e.n LIMIT 1
"""
SET = f"""
INSERT INTO price_book_entries AS t (organisation_id, price_book_id, product_id, min_quantity, unit_price, discount_limit)
SELECT $1, e.price_book_id, e.product_id, e.min_quantity, e.unit_price, e.discount_limit
FROM jsonb_to_recordset($2::text::jsonb) AS e {ARRIVING.replace("(", "(price_book_id uuid, ", 1)}
ON CONFLICT (organisation_id, price_book_id, product_id, min_quantity) DO UPDATE
SET unit_price = excluded.unit_price, discount_limit = excluded.discount_limit
WHERE (t.unit_price, t.discount_limit) IS DISTINCT FROM (excluded.unit_price, excluded.discount_limit)
RETURNING t.product_id::text, t.min_quantity::float8, t.unit_price, t.discount_limit::float8
"""
# NOT IN is looked up in a hash, whatever Postgres guesses of sizes; it joined by a nested loop, ten thousand times ten thousand.
KEEP_ONLY = f"""
DELETE FROM price_book_entries t WHERE t.organisation_id = $1 AND t.price_book_id = $2
  AND (t.product_id, t.min_quantity) NOT IN (
    SELECT e.product_id, e.min_quantity FROM jsonb_to_recordset($3::text::jsonb) AS e {ARRIVING})
RETURNING t.product_id::text, t.min_quantity::float8
"""
REMOVE = """
DELETE FROM price_book_entries t USING jsonb_to_recordset($3::text::jsonb) AS e (product_id uuid, min_quantity numeric)
WHERE t.organisation_id = $1 AND t.price_book_id = $2 AND t.product_id = e.product_id
  AND (e.min_quantity IS NULL OR e.min_quantity = t.min_quantity)
RETURNING t.product_id::text, t.min_quantity::float8
"""
COUNT = "SELECT count(*) FROM price_book_entries WHERE organisation_id = $1 AND price_book_id = $2"
PAGE = """
SELECT e.product_id::text, p.sku, p.name, e.min_quantity::float8, e.unit_price, e.discount_limit::float8
FROM price_book_entries e JOIN products p ON p.organisation_id = e.organisation_id AND p.id = e.product_id
WHERE e.organisation_id = $2 AND e.price_book_id = $3 AND p.deleted_at IS NULL
  AND ($4::uuid IS NULL OR e.product_id = $4) AND (e.product_id, e.min_quantity) > ($5::uuid, $6::numeric)
ORDER BY e.product_id, e.min_quantity LIMIT $7
"""
PRESENT = """
SELECT e.price_book_id, e.product_id, e.min_quantity::float8, e.unit_price, e.discount_limit::float8
FROM unnest($2::uuid[], $3::uuid[]) AS asked (price_book_id, product_id)
JOIN price_book_entries e ON e.organisation_id = $1 AND e.price_book_id = asked.price_book_id
  AND e.product_id = asked.product_id
"""
NIL = UUID(int=0)


async def put_entries(
    call: Call, connection: Connection, price_book_id: UUID, data: EntriesPut, version: int | None
) -> dict[str, Any]:
    loaded = await _load(connection, price_book_id, version)
    rows = _rows(data.entries, loaded, field="entries")
    await _demand_products(connection, call.organisation, rows, field="entries")
    where = (call.organisation, price_book_id)
    removed = await connection.fetch(KEEP_ONLY, *where, rows)
    written = await connection.fetch(SET, call.organisation, rows)
    return await _tell(call, connection, loaded, written=written, removed=removed)


async def patch_entries(
    call: Call, connection: Connection, price_book_id: UUID, data: EntriesPatch,
    version: int | None,
) -> dict[str, Any]:  # fmt: skip
    loaded = await _load(connection, price_book_id, version)
    rows = _rows(data.set, loaded, field="set")
    await _demand_products(connection, call.organisation, rows, field="set")
    where = (call.organisation, price_book_id)
    gone = orjson.dumps(data.model_dump(mode="json")["remove"]).decode()
    removed = await connection.fetch(REMOVE, *where, gone)
    written = await connection.fetch(SET, call.organisation, rows)
    return await _tell(call, connection, loaded, written=written, removed=removed)


async def _load(connection: Connection, price_book_id: UUID, version: int | None) -> Loaded:
    loaded = await records.load_record(connection, PRICE_BOOKS, price_book_id, scope=EVERYTHING)
    await check_version(connection, PRICE_BOOKS, loaded, version)
    return loaded


async def _tell(
    call: Call, connection: Connection, loaded: Loaded, *,
    written: Sequence[asyncpg.Record], removed: Sequence[asyncpg.Record],
) -> dict[str, Any]:  # fmt: skip
    """One event for the book, whatever the number of entries; `before.entries` holds what changed."""
    if written or removed:
        count = await connection.fetchval(COUNT, call.organisation, loaded.id)
        changes = {"entry_count": count, "entries_changed_at": datetime.now(UTC)}
        told = told_of(map(dict, written), loaded.row["currency"], removed=map(dict, removed))
        await records.update_record(
            connection, PRICE_BOOKS, loaded, changes, actor=call.actor, more={"entries": told}
        )
    return {
        "price_book_id": str(loaded.id), "entry_count": loaded.row["entry_count"],
        "set": len(written), "removed": len(removed), "version": loaded.version,
    }  # fmt: skip


def told_of(
    written: Iterable[Mapping[str, Any]],
    currency: str,
    *,
    removed: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """What `before.entries` of a book's event says."""
    return {"set": _shown(written, currency), "removed": list(removed)}


def _shown(rows: Iterable[Mapping[str, Any]], currency: str) -> list[dict[str, Any]]:
    return [{**row, "unit_price": money(row["unit_price"], currency)} for row in rows]


def _rows(entries: Sequence[Entry], loaded: Loaded, *, field: str) -> str:
    """The entries as JSON, in the book's currency and each once."""
    currency, seen = loaded.row["currency"], set()
    for number, entry in enumerate(entries):
        if entry.unit_price.currency != currency:
            raise MixedCurrencies(
                f"The book is in {currency}.",
                errors={f"{field}.{number}.unit_price": f"Send the price in {currency}."},
            )
        key = (entry.product_id, entry.min_quantity)
        if key in seen:
            raise Invalid(
                "A product has two prices from one quantity on.",
                errors={f"{field}.{number}.min_quantity": "There is an entry for this already."},
            )
        seen.add(key)
    rows = [
        {
            "price_book_id": str(loaded.id), "product_id": str(entry.product_id),
            "min_quantity": entry.min_quantity,
            "unit_price": entry.unit_price.amount, "discount_limit": entry.discount_limit,
        }
        for entry in entries
    ]  # fmt: skip
    return orjson.dumps(rows).decode()


async def _demand_products(
    connection: Connection, organisation: UUID, rows: str, *, field: str
) -> None:
    number = await connection.fetchval(UNKNOWN, organisation, rows)
    if number is not None:
        raise UnknownReference(
            f"{field}.{number} names no product.",
            errors={f"{field}.{number}.product_id": "There is no such product."},
        )


async def present_entries(
    connection: Connection, organisation: UUID, pairs: Collection[tuple[UUID, UUID]]
) -> Sequence[asyncpg.Record]:
    """All breaks of these books' products."""
    if not pairs:
        return []
    books, products = zip(*pairs, strict=True)
    return await connection.fetch(PRESENT, organisation, list(books), list(products))


async def set_entries(
    connection: Connection, organisation: UUID, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Of any books, which are held; whoever sets them tells of it."""
    await connection.execute(SET, organisation, orjson.dumps(rows, default=str).decode())


async def read_entries(
    db: Database, organisation: UUID, price_book_id: UUID, *, most: int
) -> AsyncIterator[list[dict[str, Any]]]:
    """All entries of a book, some at a time: each page is a statement of its own."""
    after = (NIL, Decimal(-1))
    while True:
        found = await db.fetch(organisation, PAGE, organisation, price_book_id, None, *after, most)
        rows = [dict(row) for row in found]
        if rows:
            yield rows
        if len(rows) < most:
            return
        after = (UUID(rows[-1]["product_id"]), Decimal(str(rows[-1]["min_quantity"])))


async def list_entries(call: Call, price_book_id: UUID) -> Response:
    """A page in the order of product and quantity; `product_id` narrows it to one product."""
    book = await reads.find_record(call, PRICE_BOOKS, price_book_id)
    asked = call.request.query_params
    if unknown := sorted(set(asked) - {"limit", "cursor", "product_id"}):
        raise Malformed(
            f"There is no parameter {unknown[0]!r} here.",
            errors={unknown[0]: "Unknown parameter."},
            code="unknown_parameter",
        )
    limit, product = _limit(asked.get("limit")), _product(asked.get("product_id"))
    after = _after(asked.get("cursor"))
    where = (call.organisation, price_book_id, product, *after, limit + 1)
    rows = [dict(row) for row in await call.db.fetch(call.organisation, PAGE, *where)]
    shown = _shown(rows, book["currency"])
    following = _cursor(rows[limit - 1]) if len(rows) > limit else None
    return reads.answer_page(call, shown[:limit], following, None)


def _limit(text: str | None) -> int:
    if text is None:
        return 50
    is_number = text.isascii() and text.isdigit() and len(text) <= 4
    if not is_number or not 1 <= int(text) <= 1000:
        raise Malformed("limit must be a number.", errors={"limit": "Send 1 to 1000."})
    return int(text)


def _product(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError as error:
        raise Malformed(
            "product_id must be an id.", errors={"product_id": "Send a UUID."}
        ) from error


def _cursor(row: Mapping[str, Any]) -> str:
    pair = orjson.dumps([row["product_id"], row["min_quantity"]])
    return base64.urlsafe_b64encode(pair).decode().rstrip("=")


def _after(cursor: str | None) -> tuple[UUID, Decimal]:
    if cursor is None:
        return NIL, Decimal(-1)
    try:
        product, quantity = orjson.loads(
            base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        )
        return UUID(product), Decimal(str(float(quantity)))
    except (ValueError, TypeError, AttributeError) as error:
        raise Malformed(
            "The cursor is none of ours.", errors={"cursor": "Send next_cursor as you got it."}
        ) from error

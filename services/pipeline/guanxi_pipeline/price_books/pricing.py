"""What something costs: of the books that hold for an account on a day, the first one with an entry.

Books go by priority, then by how closely they mean the account (named, of its segment, for everybody),
then the later one; in the book the break with the highest quantity that is reached. Without an entry
anywhere the list price of the product counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from guanxi_pipeline.errors import NoPrice
from guanxi_pipeline.price_books.schemas import PriceQuestion
from guanxi_pipeline.references.service import find_references
from guanxi_pipeline.sum_rules import money
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection

FOUND = """
WITH asked AS (
  SELECT n, product_id, quantity FROM ROWS FROM (jsonb_to_recordset($3::text::jsonb) AS (product_id uuid, quantity numeric))
    WITH ORDINALITY AS a (product_id, quantity, n)),
account AS (SELECT grade, industry, region FROM known_accounts WHERE organisation_id = $2 AND id = $4),
books AS (
  SELECT b.id, b.name, b.priority, b.valid_from,
    CASE WHEN b.account_ids @> ARRAY[$4::uuid] THEN 2
         WHEN b.account_ids || '{}'::uuid[] = '{}' AND b.grades || b.industries || b.regions = '{}' THEN 0
         WHEN b.grades || b.industries || b.regions <> '{}' AND EXISTS (SELECT 1 FROM account a
           WHERE (b.grades = '{}' OR a.grade = ANY(b.grades)) AND (b.industries = '{}' OR a.industry = ANY(b.industries))
             AND (b.regions = '{}' OR a.region = ANY(b.regions))) THEN 1 END AS closeness
  FROM price_books b WHERE b.organisation_id = $2 AND b.currency = $5 AND b.is_active AND b.deleted_at IS NULL
    AND coalesce(b.valid_from <= $6, true) AND coalesce(b.valid_to >= $6, true)),
best AS (
  SELECT DISTINCT ON (a.n) a.n, b.id AS book_id, b.name AS book_name, e.min_quantity, e.unit_price, e.discount_limit
  FROM asked a JOIN price_book_entries e ON e.organisation_id = $2 AND e.product_id = a.product_id
    AND e.min_quantity <= a.quantity JOIN books b ON b.id = e.price_book_id AND b.closeness IS NOT NULL
  ORDER BY a.n, b.priority DESC, b.closeness DESC, b.valid_from DESC NULLS LAST, b.id DESC, e.min_quantity DESC)
SELECT asked.product_id, p.id IS NULL OR p.deleted_at IS NOT NULL AS is_unknown, p.is_active, p.sku, p.name,
  p.description, p.unit, p.tax_class, p.cost_amount, p.cost_currency,
  (SELECT price->>'amount' FROM jsonb_array_elements(p.prices) AS price WHERE price->>'currency' = $5) AS list_price,
  best.book_id, best.book_name, best.min_quantity, best.unit_price, best.discount_limit
FROM asked LEFT JOIN products p ON p.organisation_id = $2 AND p.id = asked.product_id LEFT JOIN best ON best.n = asked.n
ORDER BY asked.n
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A line's product and price; `price` is without tax, None with a `reason`."""

    product: Mapping[str, Any]
    price: Decimal | None
    source: str | None
    reason: str | None


async def find_prices(
    call: Call, lines: Sequence[Mapping[str, Any]], *, currency: str, on: date,
    account_id: UUID | None,
) -> list[Found]:  # fmt: skip
    """One statement for all lines (`product_id`, `quantity`), in their order. The account is one that
    is known to be the caller's to see."""
    asked = (call.organisation, _asked(lines), account_id, currency, on)
    return [_found(dict(row)) for row in await call.db.lookup(call.organisation, FOUND, *asked)]


async def find_prices_within(
    connection: Connection, organisation: UUID, lines: Sequence[Mapping[str, Any]], *,
    currency: str, on: date, account_id: UUID | None,
) -> list[Found]:  # fmt: skip
    """The same inside a transaction that is bound already."""
    sql = f"SELECT found.* FROM (SELECT $1::text) AS unused, LATERAL ({FOUND}) AS found"
    asked = ("", organisation, _asked(lines), account_id, currency, on)
    return [_found(dict(row)) for row in await connection.fetch(sql, *asked)]


def _asked(lines: Sequence[Mapping[str, Any]]) -> str:
    asked = [
        {"product_id": str(each["product_id"]), "quantity": each["quantity"]} for each in lines
    ]
    return orjson.dumps(asked).decode()


def _found(row: Mapping[str, Any]) -> Found:
    if row["is_unknown"]:
        return Found(row, None, None, "unknown_product")
    if not row["is_active"]:
        return Found(row, None, None, "inactive_product")
    if row["unit_price"] is not None:
        return Found(row, row["unit_price"], "price_book", None)
    if row["list_price"] is not None:
        return Found(row, Decimal(row["list_price"]), "list", None)
    return Found(row, None, None, "no_price_in_currency")


WHY = {
    "unknown_product": "There is no such product.",
    "inactive_product": "This product is not sold any more.",
    "no_price_in_currency": "It has no price in {currency}: send one, or enter it in a price book.",
}


def no_price(number: int, found: Found, currency: str) -> NoPrice:
    """The refusal of a quote's line, naming it."""
    assert found.reason is not None
    field = "unit_price" if found.reason == "no_price_in_currency" else "product_id"
    why = WHY[found.reason].format(currency=currency)
    return NoPrice(f"Line {number}: {why}", errors={f"lines.{number}.{field}": why})


async def answer_prices(call: Call, data: PriceQuestion) -> bytes:
    account_id = data.account_id
    if account_id is not None:
        found = await find_references(call, "accounts", [account_id], field="account_id")
        account_id = found[account_id].id
    on = data.on or call.clock.today
    lines = data.model_dump(mode="json")["lines"]
    prices = await find_prices(call, lines, currency=data.currency, on=on, account_id=account_id)
    shown = [_shown(line, price, data.currency) for line, price in zip(lines, prices, strict=True)]
    return orjson.dumps({"currency": data.currency, "on": on, "lines": shown})


def _shown(line: Mapping[str, Any], found: Found, currency: str) -> dict[str, Any]:
    is_of_book = found.source == "price_book"
    row = found.product
    return {
        "product_id": line["product_id"], "quantity": line["quantity"],
        "unit_price": None if found.price is None else money(found.price, currency),
        "source": found.source,
        "price_book_id": str(row["book_id"]) if is_of_book else None,
        "price_book_name": row["book_name"] if is_of_book else None,
        "min_quantity": float(row["min_quantity"]) if is_of_book else None,
        "discount_limit": _number(row["discount_limit"]) if is_of_book else None,
        "reason": found.reason,
    }  # fmt: skip


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)

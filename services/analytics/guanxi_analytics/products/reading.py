"""What the newest fit found of products, and what a customer may buy next by it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Select, Uuid, bindparam, cast, func, select
from sqlalchemy import Text as SqlText

from guanxi_analytics.customers.reading import demand_account
from guanxi_analytics.facts.kinds import SALES
from guanxi_analytics.products.asked import AffinityAsked
from guanxi_analytics.products.figure_rules import of_rule, paged
from guanxi_analytics.queries.cubes import BOUGHT
from guanxi_analytics.value_matrix.reading import sees_all_sums
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES: Final = Shapes()
SALE: Final = SALES.table
NAMED: Final = 5
SURE: Final = 0.05
MODEL: Final = """
SELECT id, verdict, sentence, customers, fitted_at, found::text, watermark::text FROM fitted_models
WHERE organisation_id = $2 AND name = 'product-affinity' ORDER BY fitted_at DESC, id DESC LIMIT 1
"""
RULES: Final = """
SELECT place, given, leads_to AS "then", together AS "both", of_given, of_then, orders, p, q FROM product_rules
WHERE organisation_id = $2 AND kind = $3 AND place > $4 AND ($5::text IS NULL OR leads_to = $5 OR $5 = ANY(given))
  AND q <= $6 ORDER BY place LIMIT $7
"""
RETAINED: Final = """
SELECT place, product, buyers, back, others, others_back, difference, low, high, p, q FROM product_retentions
WHERE organisation_id = $2 AND place > $3 ORDER BY place LIMIT $4
"""
# Of each product that is not had yet the surest pair that leads to it, as next_product.py says.
NEXT: Final = """
SELECT leads_to AS "then", given, together AS "both", of_given, of_then, orders FROM (
  SELECT DISTINCT ON (leads_to) leads_to, given[1] AS given, together, of_given, of_then, orders FROM product_rules
  WHERE organisation_id = $2 AND kind = 'pair' AND q <= $3 AND given[1] = ANY($4::text[]) AND NOT leads_to = ANY($4::text[])
    AND together * orders > of_given * of_then
  ORDER BY leads_to, together::float8 / of_given DESC, given[1]
) AS best ORDER BY together::float8 / of_given DESC, leads_to LIMIT $5
"""
NAMES: Final = """
SELECT DISTINCT ON (key) key, product FROM (
  SELECT coalesce(sku, product_id::text, product) AS key, product, recorded_at FROM sale_facts
  WHERE organisation_id = $2 AND ended_at IS NULL AND coalesce(sku, product_id::text, product) = ANY($3::text[])
) AS told ORDER BY key, recorded_at DESC, product
"""
HIDDEN: Final = "What it says sums over all orders: it is told to those who see them."
UNFITTED: Final = "Nothing was fitted yet: POST /v1/analytics/models/fit."
COUNTED: Final = "Counted in orders, each once; what lies together is not said to cause anything."
Row = Mapping[str, Any]


async def read_affinity(call: Call, asked: AffinityAsked) -> dict[str, Any]:
    model, told = await _model(call)
    rows: list[Row] = []
    if told:
        rows = await _rows(
            call, RULES, asked.kind, asked.after, asked.product, asked.q, asked.limit + 1
        )
    shown, page = paged(rows, asked.limit)
    names = await _names(call, {key for row in shown for key in (*row["given"], row["then"])})
    return _learnt(model, told, COUNTED) | {
        "test": model["found"].get("test") if model is not None and told else None,
        "data": [
            {"given": [names[key] for key in row["given"]], "then": names[row["then"]]} | of_rule(row) for row in shown
        ],
        "page": page,
    }  # fmt: skip


async def read_product_retention(call: Call, limit: int, after: int) -> dict[str, Any]:
    model, told = await _model(call)
    rows = await _rows(call, RETAINED, after, limit + 1) if told else []
    shown, page = paged(rows, limit)
    names = await _names(call, {row["product"] for row in shown})
    sentence = (
        "Of customers whose first purchase day lies a window back: those who bought it on that day against those who did not."
        " An association: who buys it may have come back anyway."
    )
    return _learnt(model, told, sentence) | {
        "kind": "association", "window_days": model["found"].get("window_days") if model is not None and told else None,
        "data": [
            {n: v for n, v in row.items() if n != "place"} | {"product": names[row["product"]]} for row in shown
        ],
        "page": page,
    }  # fmt: skip


async def read_next_products(call: Call, account_id: UUID) -> dict[str, Any]:
    """NotFound for an account that the caller does not see; by the orders that they see."""
    call.by.demand("orders:read")
    await demand_account(call, account_id)
    model, _ = await _model(call)
    scope = await call.scope("orders")
    statement = SHAPES.get(("bought", scope.shape), lambda: _bought(scope))
    values = {"organisation": call.organisation, "id": account_id, **scope.params()}
    rows = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    bought = [row["product"] for row in rows]
    by_pairs = model is not None and model["verdict"] == "use"
    best = await _rows(call, NEXT, SURE, bought, NAMED) if by_pairs else []
    popular = [] if model is None else [each["key"] for each in model["found"].get("popular", ())]
    had = {*bought, *(row["then"] for row in best)}
    rest = [key for key in popular if key not in had][: NAMED - len(best)]
    names = await _names(
        call, {*rest, *(row["then"] for row in best), *(row["given"] for row in best)}
    )
    data: list[dict[str, Any]] = [
        {
            "product": names[row["then"]],
            "because": {"product": names[row["given"]]} | {n: of_rule(row)[n] for n in ("confidence", "lift")},
        }
        for row in best
    ]  # fmt: skip
    data += [{"product": names[key], "because": None} for key in rest]
    return _learnt(model, sees_all_sums(call), _told(model), is_of_all=False) | {
        "account_id": account_id, "by": "nothing" if model is None else "pairs" if by_pairs else "popularity",
        "verdict": None if model is None else model["verdict"], "bought": len(bought), "data": data,
    }  # fmt: skip


def _told(model: Row | None) -> str:
    if model is None:
        return UNFITTED
    if model["verdict"] == "use":
        return "By pairs that lie together beyond chance, which named what was bought next better than what is bought most did."
    return "What is bought most: pairs did not name what was bought next better than that beyond chance."


def _learnt(
    model: Row | None, told: bool, sentence: str, *, is_of_all: bool = True
) -> dict[str, Any]:
    if model is None:
        return {"n": None, "fitted_at": None, "watermark": {}, "sentence": UNFITTED}
    if not told and is_of_all:
        sentence = HIDDEN
    elif told and model["verdict"] == "refused" and not model["found"]:
        sentence = model["sentence"]
    return {
        "n": model["customers"] if told else None, "fitted_at": model["fitted_at"],
        "watermark": model["watermark"], "sentence": sentence,
    }  # fmt: skip


async def _model(call: Call) -> tuple[dict[str, Any] | None, bool]:
    """The newest fit, and whether its sums may be told."""
    row = await call.db.pool.fetchrow(bound(MODEL), str(call.organisation), call.organisation)
    if row is None:
        return None, False
    return dict(row) | {n: orjson.loads(row[n]) for n in ("found", "watermark")}, sees_all_sums(
        call
    )


async def _rows(call: Call, statement: str, *values: Any) -> list[Row]:
    found = await call.db.pool.fetch(
        bound(statement), str(call.organisation), call.organisation, *values
    )
    return [dict(row) for row in found]


async def _names(call: Call, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    keys = sorted(keys)
    rows = await _rows(call, NAMES, keys) if keys else []
    told = {row["key"]: row["product"] for row in rows}
    return {key: {"key": key, "name": told.get(key)} for key in keys}


def _bought(scope: Scope) -> Select[Any]:
    sale = SALE.c
    key = func.coalesce(sale.sku, cast(sale.product_id, SqlText), sale.product)
    return (
        select(key.label("product"))
        .where(
            sale.organisation_id == bindparam("organisation", type_=Uuid), sale.customer_id == bindparam("id", type_=Uuid),
            sale.ended_at.is_(None), BOUGHT, key.is_not(None), predicate(SALE, scope),
        )
        .distinct()
    )  # fmt: skip

"""Lines of orders as learning takes them, and what came of them as it is kept."""

from array import array
from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_shared.jobs import to_json

MOST_LINES: Final = 2_000_000  # the newest
PAGE: Final = 10_000
# A product is its article number, else its id, else its name.
KEY: Final = "coalesce(sku, product_id::text, product)"
LINES: Final = f"""
SELECT * FROM (
  SELECT DISTINCT subject_id, {KEY} AS product, customer_id, valid_on FROM sale_facts
  WHERE organisation_id = $1 AND ended_at IS NULL AND kind = 'bought' AND valid_on <= $2 AND {KEY} IS NOT NULL
  ORDER BY valid_on DESC, subject_id, product LIMIT $3
) AS lines ORDER BY subject_id, product
"""
FORGET: Final = ("DELETE FROM product_rules WHERE organisation_id = $1", "DELETE FROM product_retentions WHERE organisation_id = $1")  # fmt: skip
# Texts of lists of lists do not go through unnest: products of a rule come as one text.
RULES: Final = """
INSERT INTO product_rules (organisation_id, model_id, kind, place, given, leads_to, together, of_given, of_then, orders, p, q)
SELECT $1, $2, r.kind, r.place, ARRAY(SELECT jsonb_array_elements_text(r.given::jsonb)), r.leads_to, r.together, r.of_given,
  r.of_then, r.orders, r.p, r.q
FROM unnest($3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
  $11::float8[], $12::float8[]) AS r (kind, place, given, leads_to, together, of_given, of_then, orders, p, q)
"""
RETAINED: Final = """
INSERT INTO product_retentions (organisation_id, model_id, place, product, buyers, back, others, others_back, difference,
  low, high, p, q)
SELECT $1, $2, r.* FROM unnest($3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::float8[], $10::float8[], $11::float8[], $12::float8[], $13::float8[]) AS r
"""


async def read_products(
    connection: Connection, organisation: UUID, until: date, params: Mapping[str, Any]
) -> dict[str, Any]:
    """As `learn_products` takes it: whole numbers, eight bytes each."""
    names: dict[str, int] = {}
    baskets: dict[UUID, int] = {}
    customers: dict[UUID, int] = {}
    columns = {name: array("q") for name in ("basket", "product", "customer", "day")}
    async for row in connection.cursor(LINES, organisation, until, MOST_LINES, prefetch=PAGE):
        id = row["customer_id"]
        columns["basket"].append(baskets.setdefault(row["subject_id"], len(baskets)))
        columns["product"].append(names.setdefault(row["product"], len(names)))
        columns["customer"].append(-1 if id is None else customers.setdefault(id, len(customers)))
        columns["day"].append(row["valid_on"].toordinal())
    return {
        "names": list(names), "support": params.get("support"), "confidence": params.get("confidence"), **columns
    }  # fmt: skip


async def keep_products(
    connection: Connection, organisation: UUID, model: UUID, learnt: Mapping[str, Any]
) -> None:
    """In the place of what the fit before had found."""
    for statement in FORGET:
        await connection.execute(statement, organisation)
    places: dict[str, int] = {}
    rules = []
    for kind, given, then, *rest in learnt["rules"]:
        places[kind] = place = places.get(kind, -1) + 1
        rules.append((kind, place, to_json(given), then, *rest))
    for begin in range(0, len(rules), PAGE):
        columns = [list(each) for each in zip(*rules[begin : begin + PAGE], strict=True)]
        await connection.execute(RULES, organisation, model, *columns)
    if kept := learnt["retained"]:
        columns = [list(each) for each in zip(*kept, strict=True)]
        await connection.execute(RETAINED, organisation, model, list(range(len(kept))), *columns)

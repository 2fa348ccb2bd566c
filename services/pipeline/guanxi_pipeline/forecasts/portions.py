"""What of each deal counts for whom, as SQL: shares of people and parts of products.

A deal without splits counts for its owner. Shares of a deal sum to its amount: each is rounded down to
the currency's smallest unit, and what is left goes, a unit each, to the largest remainders (Hamilton's
method; of equals to the one that stands first). With products it is the lines that are shared; what of
the amount stands in no line of a product counts for no product.

The deals themselves (`whole` without splits, `split` with them) are common table expressions that carry
the visibility predicate; the sums of `whole` come from an index alone.
"""

from typing import Any, Final

import orjson
from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    DateTime,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    union_all,
)  # fmt: skip

from guanxi_pipeline.opportunities.resources import OPPORTUNITY as O
from guanxi_shared import selects
from guanxi_shared.money import MINOR_UNITS
from guanxi_shared.visibility import Scope, predicate

SCALES: Final = orjson.dumps(dict(MINOR_UNITS)).decode()
COLUMNS: Final = (
    "id, owner_id, team_id, pipeline_id, currency, amount, probability, category, month"
)

# An open deal that somebody marked `closed` by hand is as sure as `commit`.
CATEGORY: Final = case(
    (O.c.forecast_category == literal_column("'closed'"), literal_column("'commit'")),
    else_=O.c.forecast_category,
)


def deals(scope: Scope, *, is_split: bool, lines: bool, months: bool) -> CTE:
    """Deals won in the period and open ones that are to close in it: $from_at, $until_at (instants),
    $from_on, $until_on (days), $zone. `months` adds the month of closing."""
    splits: ColumnElement[Any] = literal_column("'[]'::jsonb")
    shared = O.c.splits != splits if is_split else O.c.splits == splits
    kept = [O.c.splits] if is_split else []
    kept += [O.c.lines] if lines else []
    parts = [
        select(*_columns(is_won, months), *kept).where(
            selects.of_organisation(O), O.c.deleted_at.is_(None), shared, _in_period(is_won),
            predicate(O, scope), *_pipeline(),
        )
        for is_won in (True, False)
    ]  # fmt: skip
    return union_all(*parts).cte("split" if is_split else "whole")


def _columns(is_won: bool, months: bool) -> list[ColumnElement[Any]]:
    zone = bindparam("zone", type_=Text)
    at = func.timezone(zone, O.c.closed_at) if is_won else cast(O.c.close_on, DateTime)
    month = cast(func.date_trunc(literal_column("'month'"), at), Date)
    return [
        O.c.id, O.c.owner_id, O.c.team_id, O.c.pipeline_id, O.c.amount_currency.label("currency"),
        O.c.amount_amount.label("amount"),
        (literal_column("100") if is_won else O.c.probability).label("probability"),
        (literal_column("'closed'") if is_won else CATEGORY).label("category"),
        (month if months else literal_column("NULL::date")).label("month"),
    ]  # fmt: skip


def _in_period(is_won: bool) -> ColumnElement[bool]:
    if is_won:
        instant = DateTime(timezone=True)
        return and_(
            O.c.status == literal_column("'won'"),
            O.c.closed_at >= bindparam("from_at", type_=instant),
            O.c.closed_at < bindparam("until_at", type_=instant),
        )
    return and_(
        O.c.status == literal_column("'open'"),
        O.c.forecast_category != literal_column("'omitted'"),
        O.c.close_on >= bindparam("from_on", type_=Date),
        O.c.close_on < bindparam("until_on", type_=Date),
    )


def _pipeline() -> list[ColumnElement[bool]]:
    wanted = bindparam("pipeline_id", type_=O.c.pipeline_id.type)
    return [or_(wanted.is_(None), O.c.pipeline_id == wanted)]


TEAM = """
CASE WHEN d.team_id IS NOT NULL AND d.person_id IS NOT DISTINCT FROM d.owner_id THEN d.team_id
  ELSE coalesce((SELECT t FROM unnest(u.teams) AS t ORDER BY t LIMIT 1), d.team_id) END
"""

# Parts of a deal: each product of its lines, and what stands in none. Lines in another currency than the
# deal's amount are not parts of it.
PARTS = """
SELECT {columns}, x.product_id, x.part AS amount{splits} FROM {deals} AS w CROSS JOIN LATERAL (
  WITH named AS (
    SELECT (l->>'product_id')::uuid AS product_id, sum((l->'amount'->>'amount')::numeric) AS part
    FROM jsonb_array_elements(w.lines) AS l
    WHERE l->>'product_id' IS NOT NULL AND l->'amount'->>'currency' = w.currency GROUP BY 1)
  SELECT product_id, part FROM named UNION ALL
  SELECT NULL, w.amount - found.sum FROM (SELECT coalesce(sum(part), 0) AS sum, count(*) AS n FROM named) AS found
  WHERE found.n = 0 OR w.amount <> found.sum) AS x
"""
SHARES = """
SELECT {columns}, product_id, person_id, (down + CASE
    WHEN row_number() OVER (PARTITION BY id, product_id ORDER BY exact - down DESC, nth)
      <= amount * factor - sum(down) OVER (PARTITION BY id, product_id) THEN 1 ELSE 0 END) / factor AS amount
FROM (
  SELECT p.*, (s.value->>'user_id')::uuid AS person_id, s.nth, f.factor,
    p.amount * f.factor * (s.value->>'share')::numeric / 100 AS exact,
    floor(p.amount * f.factor * (s.value->>'share')::numeric / 100) AS down
  FROM ({parts}) AS p
  CROSS JOIN LATERAL (SELECT (10 ^ coalesce((cast(:scales AS jsonb)->>p.currency)::int, 2))::numeric(20, 0) AS factor) AS f
  CROSS JOIN LATERAL jsonb_array_elements(p.splits) WITH ORDINALITY AS s (value, nth)) AS shared
"""
OTHER = COLUMNS.replace(" amount,", "")


def portions(*, is_split: bool, products: bool) -> str:
    """Rows of COLUMNS with `product_id` and `person_id`, of the deals with or without splits."""
    name = "split" if is_split else "whole"
    if products:
        found = PARTS.format(columns=_of("w"), deals=name, splits=", w.splits" if is_split else "")
    else:
        more = ", w.splits" if is_split else ""
        found = f"SELECT {_of('w')}, NULL::uuid AS product_id, w.amount{more} FROM {name} AS w"
    if is_split:
        return SHARES.format(columns=OTHER, parts=found)
    return f"SELECT {OTHER}, product_id, owner_id AS person_id, amount FROM ({found}) AS owned"


def _of(alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in OTHER.split(", "))

"""Distributors' months as they count: each with the next month of the same product that was reported, so that the last one
of a stretch of time is known, and with the pace at which it was sold lately.

Only months that the caller sees are looked at, of those that the period takes: the last one, and the pace, are those of
what they see. The pace is what was sold a day in the month and the two before, of as many of them as were reported
(pipeline's own rule); where several stores were merged into one account, each has its share of it.
"""

from typing import Any, Final

from sqlalchemy import Boolean, Column, Date, DateTime, Numeric, Text, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

SQL: Final = """
WITH known AS (
  SELECT s.*, coalesce(product_id::text, 'sku:' || sku) AS product_key
  FROM stock_facts s
  WHERE organisation_id = :organisation AND recorded_at <= coalesce(:as_of, 'infinity')
    AND (ended_at IS NULL OR ended_at > coalesce(:as_of, 'infinity'))
    AND (:sees_all OR owner_id = ANY(:seen_owners) OR team_id = ANY(:seen_teams) OR subject_id = ANY(:seen_shared))
    AND month >= coalesce((:first - interval '2 months')::date, '-infinity') AND month < coalesce(:until, 'infinity')
), products AS (
  SELECT subject_id, sku, product, category FROM product_facts
  WHERE organisation_id = :organisation AND recorded_at <= coalesce(:as_of, 'infinity')
    AND (ended_at IS NULL OR ended_at > coalesce(:as_of, 'infinity'))
), stores AS (
  SELECT k.*, count(*) OVER (PARTITION BY account_id, product_key, month) AS stores,
    (month + interval '1 month')::date - month AS days
  FROM known k
), paced AS (
  SELECT s.*, min(month) OVER ahead AS next_month, sum(sold) OVER lately / sum(days::numeric / stores) OVER lately / stores AS pace
  FROM stores s
  WINDOW ahead AS (PARTITION BY account_id, product_key ORDER BY month
      RANGE BETWEEN interval '1 day' FOLLOWING AND UNBOUNDED FOLLOWING),
    lately AS (PARTITION BY account_id, product_key ORDER BY month
      RANGE BETWEEN interval '2 months' PRECEDING AND CURRENT ROW)
)
SELECT s.organisation_id, s.subject_id, s.piece_id, s.recorded_at, s.ended_at, s.month, s.opening, s.bought, s.sold,
  s.adjusted, s.closing, s.next_month, s.pace, s.account_id, s.product_id, coalesce(s.sku, p.sku) AS sku,
  coalesce(p.product, n.product) AS product, coalesce(p.category, n.category) AS category, s.owner_id, s.team_id
FROM paced s LEFT JOIN products p ON p.subject_id = s.product_id
LEFT JOIN (SELECT DISTINCT ON (sku) sku, product, category FROM products ORDER BY sku, subject_id) AS n
  ON s.product_id IS NULL AND n.sku = s.sku
"""
NUMBERS: Final = ("opening", "bought", "sold", "adjusted", "closing", "pace")
COLUMNS: Final[tuple[tuple[str, Any], ...]] = (
    ("organisation_id", Uuid), ("subject_id", Uuid), ("piece_id", Uuid), ("recorded_at", DateTime(timezone=True)),
    ("ended_at", DateTime(timezone=True)), ("month", Date), ("next_month", Date), *((name, Numeric) for name in NUMBERS),
    ("account_id", Uuid), ("product_id", Uuid), ("sku", Text), ("product", Text), ("category", Text),
    ("owner_id", Uuid), ("team_id", Uuid),
)  # fmt: skip
GIVEN: Final = (
    bindparam("organisation", type_=Uuid), bindparam("as_of", type_=DateTime(timezone=True)),
    bindparam("sees_all", type_=Boolean), *(bindparam(name, type_=Date) for name in ("first", "until")),
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("seen_owners", "seen_teams", "seen_shared")),
)  # fmt: skip
STOCK_ROWS: Final[Any] = (
    text(SQL)
    .bindparams(*GIVEN)
    .columns(*(Column(name, type_) for name, type_ in COLUMNS))
    .subquery("stock_rows")
)

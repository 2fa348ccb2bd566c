"""Quotas as they count: each in every length of period for which it is what is to be won.

A quarter or year without a quota of its own has the sum of its quarters or months, if none is missing; a year is never
cut up. `is_whole` are those that are summed for everything: the quota that names no pipeline and no product, else those
by pipeline, else those by product (the rules of pipeline's forecasts).
"""

from typing import Any, Final

from sqlalchemy import Boolean, Column, Date, DateTime, Numeric, Text, Uuid, bindparam, text

SQL: Final = """
WITH known AS (
  SELECT q.*, CASE WHEN pipeline_id IS NULL AND product_id IS NULL THEN 1 WHEN product_id IS NULL THEN 2
    WHEN pipeline_id IS NULL THEN 3 ELSE 4 END AS part
  FROM quota_facts q
  WHERE organisation_id = :organisation AND recorded_at <= coalesce(:as_of, 'infinity')
    AND (ended_at IS NULL OR ended_at > coalesce(:as_of, 'infinity'))
), counted AS (
  SELECT k.*, bool_or(period = 'quarter') OVER quarters AS has_quarter, bool_or(period = 'year') OVER years AS has_year,
    count(*) FILTER (WHERE period = 'month') OVER quarters AS months_of_quarter,
    count(*) FILTER (WHERE period = 'month') OVER years AS months_of_year,
    count(*) FILTER (WHERE period = 'quarter') OVER years AS quarters_of_year
  FROM known k
  WINDOW quarters AS (PARTITION BY owner_id, team_id, pipeline_id, product_id, date_trunc('quarter', starts_on)),
    years AS (PARTITION BY owner_id, team_id, pipeline_id, product_id, date_trunc('year', starts_on))
), grained AS (
  SELECT c.*, g.grain, date_trunc(g.grain, starts_on) AS grain_on
  FROM counted c CROSS JOIN LATERAL (VALUES
    ('month', period = 'month'),
    ('quarter', period = 'quarter' OR (period = 'month' AND NOT has_quarter AND months_of_quarter = 3)),
    ('year', period = 'year' OR (NOT has_year AND CASE period WHEN 'quarter' THEN quarters_of_year = 4
      ELSE quarters_of_year < 4 AND months_of_year = 12 END))
  ) AS g (grain, counts) WHERE g.counts
)
SELECT organisation_id, subject_id, md5(piece_id::text || grain)::uuid AS piece_id, recorded_at, ended_at, period, starts_on,
  grain, CASE WHEN owner_id IS NULL THEN 'team' ELSE 'person' END AS whose,
  (ARRAY['all', 'pipeline', 'product', 'both'])[part] AS covers,
  part < 4 AND part = min(part) OVER (PARTITION BY owner_id, team_id, grain, grain_on) AS is_whole,
  pipeline_id, product_id, currency, amount, owner_id, team_id
FROM grained
"""
COLUMNS: Final = (
    ("organisation_id", Uuid), ("subject_id", Uuid), ("piece_id", Uuid), ("recorded_at", DateTime(timezone=True)),
    ("ended_at", DateTime(timezone=True)), ("period", Text), ("starts_on", Date), ("grain", Text), ("whose", Text),
    ("covers", Text), ("is_whole", Boolean), ("pipeline_id", Uuid), ("product_id", Uuid), ("currency", Text),
    ("amount", Numeric), ("owner_id", Uuid), ("team_id", Uuid),
)  # fmt: skip
KNOWN_AT: Final = (
    bindparam("organisation", type_=Uuid),
    bindparam("as_of", type_=DateTime(timezone=True)),
)
QUOTA_ROWS: Final[Any] = (
    text(SQL)
    .bindparams(*KNOWN_AT)
    .columns(*(Column(name, type_) for name, type_ in COLUMNS))
    .subquery("quota_rows")
)

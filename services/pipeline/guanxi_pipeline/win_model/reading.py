"""What is learnt from: the closed deals of a pipeline as they were at each open stage's entry.

A deal that was open here is read from the log, at its creation and each of its moves: what is written when
it is closed, or after a moment, is not in that moment's state. One that came here closed has its creation
alone, in the pipeline's first stage (see term_rules for what of it counts). The account's industry and
region are those that are known now; its grade is not asked, because it follows what the account bought. Days are
those of the organisation's time zone, as the days that people enter.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_shared.db import Connection

MOST_DEALS: Final = 20_000  # the last ones closed
AT_ONCE: Final = 2_000

SIGHTS = """
WITH zone AS (
  SELECT coalesce((SELECT time_zone FROM directory_state WHERE organisation_id = $1), 'UTC') AS zone),
deals AS (
  SELECT o.id, o.status = 'won' AS won, o.opened_on, o.closed_at, o.created_at FROM opportunities o
  WHERE o.organisation_id = $1 AND o.pipeline_id = $2 AND o.status <> 'open' AND o.deleted_at IS NULL
  ORDER BY o.closed_at DESC, o.id LIMIT $3),
told AS (
  SELECT d.*, e.occurred_at, e.after, e.after->>'status' = 'open' AS is_open,
    e.type = 'pipeline.opportunity.created' AS is_first,
    bool_or(e.after->>'status' = 'open') OVER (PARTITION BY d.id) AS is_live
  FROM deals d JOIN events e ON e.organisation_id = $1 AND e.subject_id = d.id AND e.subject_type = 'opportunity'
    AND (e.type = 'pipeline.opportunity.created' OR 'stage_id' = ANY(e.changed))
  WHERE e.after->>'pipeline_id' = $2::uuid::text),
sights AS (
  SELECT t.*, coalesce(t.opened_on,
    (CASE WHEN t.is_live THEN t.created_at ELSE t.closed_at END AT TIME ZONE z.zone)::date) AS opened,
    (t.closed_at AT TIME ZONE z.zone)::date AS closed, (t.occurred_at AT TIME ZONE z.zone)::date AS seen
  FROM told t CROSS JOIN zone z WHERE t.is_open OR (t.is_first AND NOT t.is_live))
SELECT jsonb_build_object(
  'deal', s.id, 'won', s.won, 'opened', s.opened, 'closed', s.closed, 'is_live', s.is_live,
  'stage_id', CASE WHEN s.is_live THEN s.after->>'stage_id' ELSE $4::uuid::text END,
  'owner_id', s.after->>'owner_id', 'source', s.after->>'source', 'industry', k.industry, 'region', k.region,
  'amount', s.after#>>'{amount,amount}', 'currency', s.after#>>'{amount,currency}',
  'contacts', jsonb_array_length(s.after->'contacts'),
  'products', (SELECT coalesce(jsonb_agg(l->>'product_id'), '[]') FROM jsonb_array_elements(s.after->'lines') l
    WHERE l->>'product_id' IS NOT NULL) || (SELECT coalesce(jsonb_agg(l->>'name'), '[]')
    FROM jsonb_array_elements(s.after->'lines') l WHERE l->>'product_id' IS NULL AND l->>'name' IS NOT NULL),
  'age_days', greatest(0, s.seen - s.opened))::text AS sight
FROM sights s LEFT JOIN known_accounts k ON k.organisation_id = $1 AND k.id = (s.after->>'account_id')::uuid
ORDER BY s.opened, s.id, s.occurred_at
"""
STAGES = """
SELECT id, probability::float8 AS probability, kind, removed_at IS NOT NULL AS is_removed FROM stages
WHERE organisation_id = $1 AND pipeline_id = $2 ORDER BY position
"""
CLOSED = """
SELECT count(*) FILTER (WHERE status = 'won') AS won, count(*) FILTER (WHERE status = 'lost') AS lost,
  max(closed_at) AS last_closed_at
FROM opportunities WHERE organisation_id = $1 AND pipeline_id = $2 AND status <> 'open' AND deleted_at IS NULL
"""
POSITION = "SELECT max(position) FROM events WHERE organisation_id = $1 AND position IS NOT NULL"


async def stages_of(connection: Connection, organisation: UUID, pipeline_id: UUID) -> list[Any]:
    """All stages, removed ones too: deals have stood in them."""
    return await connection.fetch(STAGES, organisation, pipeline_id)


def first_open(stages: Sequence[Any]) -> UUID:
    found: UUID = next(s["id"] for s in stages if s["kind"] == "open" and not s["is_removed"])
    return found


async def sights(
    connection: Connection, organisation: UUID, pipeline_id: UUID, first_stage: UUID
) -> AsyncIterator[list[bytes]]:
    """Pages of sights, each as JSON, in the order of their opening."""
    page: list[bytes] = []
    asked = (organisation, pipeline_id, MOST_DEALS, first_stage)
    async for row in connection.cursor(SIGHTS, *asked, prefetch=AT_ONCE):
        page.append(row["sight"].encode())
        if len(page) >= AT_ONCE:
            yield page
            page = []
    yield page


async def watermark(
    connection: Connection, organisation: UUID, pipeline_id: UUID
) -> dict[str, Any]:
    """How much there was to learn from."""
    closed = await connection.fetchrow(CLOSED, organisation, pipeline_id)
    assert closed is not None
    position = await connection.fetchval(POSITION, organisation)
    last: dict[str, Any] = orjson.loads(orjson.dumps(dict(closed), option=orjson.OPT_UTC_Z))
    return last | {"position": position}

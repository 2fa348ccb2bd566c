"""What readers say of articles, and what is counted of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound
from guanxi_shared.intervals import wilson
from guanxi_tickets.articles.resources import ARTICLES

SAY = """
INSERT INTO article_feedback AS f
  (organisation_id, article_id, reader_id, reader_kind, is_helpful, comment, created_at, updated_at)
SELECT $1, a.id, $3, $4, $5, $6, $7, $7 FROM articles a
WHERE a.organisation_id = $1 AND a.id = $2 AND a.deleted_at IS NULL AND a.state = 'published'
  AND a.team_id = ANY($8::uuid[])
ON CONFLICT (organisation_id, article_id, reader_id)
DO UPDATE SET is_helpful = excluded.is_helpful, comment = excluded.comment, updated_at = excluded.updated_at
RETURNING article_id::text, reader_id::text, reader_kind, is_helpful AS helpful, comment, updated_at
"""
SAID = """
SELECT article_id::text, reader_id::text, reader_kind, is_helpful AS helpful, comment, updated_at
FROM article_feedback WHERE organisation_id = $2 AND article_id = $3 ORDER BY updated_at DESC, reader_id LIMIT 200
"""
READ = """
INSERT INTO article_views (organisation_id, article_id, reader_id, day) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""
# A ticket that was deleted or went into another counts with whatever stands there now.
COUNTED = """
SELECT
  (SELECT count(*) FROM article_views WHERE organisation_id = $2 AND article_id = $3) AS views,
  (SELECT count(*) FROM article_shown WHERE organisation_id = $2 AND article_id = $3) AS for_tickets,
  (SELECT count(*) FROM article_inquiries
    WHERE organisation_id = $2 AND article_ids && ARRAY[$3::uuid]) AS before_tickets,
  (SELECT count(*) FROM ticket_articles WHERE organisation_id = $2 AND article_id = $3) AS used,
  (SELECT count(*) FROM ticket_articles u JOIN tickets t ON t.organisation_id = $2 AND t.id = u.ticket_id
    WHERE u.organisation_id = $2 AND u.article_id = $3 AND t.solved_at >= u.created_at) AS solved,
  (SELECT count(*) FROM article_feedback WHERE organisation_id = $2 AND article_id = $3) AS rated,
  (SELECT count(*) FROM article_feedback
    WHERE organisation_id = $2 AND article_id = $3 AND is_helpful) AS helpful
"""
DEFLECTED = """
SELECT count(*) AS inquiries, count(*) FILTER (WHERE article_ids = '{}') AS without,
  count(*) FILTER (WHERE article_ids <> '{}' AND ticket_id IS NOT NULL) AS went_on,
  count(*) FILTER (WHERE article_ids = '{}' AND ticket_id IS NOT NULL) AS without_went_on
FROM article_inquiries WHERE organisation_id = $2 AND created_at >= $3 AND created_at < $4
"""


async def give_feedback(
    connection: Connection, organisation: UUID, article_id: UUID, *, reader_id: UUID, reader_kind: str,
    is_helpful: bool, comment: str | None, audiences: list[UUID],
) -> dict[str, Any]:  # fmt: skip
    """The last word of a reader, a user or a contact, on a published article of these audiences."""
    row = await connection.fetchrow(
        SAY, organisation, article_id, reader_id, reader_kind, is_helpful, comment,
        datetime.now(UTC), audiences,
    )  # fmt: skip
    if row is None:
        raise NotFound(f"There is no published article with the id {str(article_id)!r}.")
    return dict(row)


async def note_view(
    connection: Connection, organisation: UUID, reader_id: UUID, article_id: UUID
) -> None:
    """That somebody read it, once a day."""
    day = datetime.now(UTC).date().isoformat()
    await connection.execute(READ, organisation, article_id, reader_id, day)


async def list_feedback(call: Call, article_id: UUID) -> list[dict[str, Any]]:
    await reads.find_record(call, ARTICLES, article_id)
    asked = (call.organisation, article_id)
    return [dict(row) for row in await call.db.fetch(call.organisation, SAID, *asked)]


async def usefulness_of(call: Call, article_id: UUID) -> dict[str, Any]:
    await reads.find_record(call, ARTICLES, article_id)
    row = await call.db.fetchrow(call.organisation, COUNTED, call.organisation, article_id)
    assert row is not None
    return {
        "article_id": str(article_id), "views": row["views"],
        "suggested_for_tickets": row["for_tickets"], "suggested_before_tickets": row["before_tickets"],
        "used": row["used"], "solved_after_use": share_of(row["solved"], row["used"]),
        "helpful": share_of(row["helpful"], row["rated"]),
    }  # fmt: skip


def share_of(good: int, count: int) -> Mapping[str, Any]:
    low, high = wilson(good, count) if count else (None, None)
    return {"n": count, "share": good / count if count else None, "low": low, "high": high}


async def deflection(call: Call, since: datetime, until: datetime) -> dict[str, Any]:
    row = await call.db.fetchrow(call.organisation, DEFLECTED, call.organisation, since, until)
    assert row is not None
    suggested, without = row["inquiries"] - row["without"], row["without"]
    return {
        "since": since, "until": until, "inquiries": row["inquiries"], "without_suggestion": without,
        "with_suggestion": suggested, "went_on_to_a_ticket": row["went_on"],
        "no_ticket_known": share_of(suggested - row["went_on"], suggested),
        "without_suggestion_no_ticket_known": share_of(without - row["without_went_on"], without),
    }  # fmt: skip

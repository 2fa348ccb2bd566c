"""Articles for a question: of a ticket, or of somebody who has not made one yet."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, NotFound
from guanxi_shared.identifiers import new_id
from guanxi_tickets.article_suggestions.ranking_rules import K1, MOST_ASKED, About, B, ranked
from guanxi_tickets.articles.found_rules import snippet_of
from guanxi_tickets.articles.sight import audiences_of
from guanxi_tickets.articles.term_rules import terms_of
from guanxi_tickets.tickets.resources import TICKETS
from guanxi_tickets.tickets.service import load_ticket

CANDIDATES: Final = 40
# Only what the caller sees counts, in the frequencies too.
SCORED = f"""
WITH seen AS MATERIALIZED (
  SELECT a.id FROM articles a
  WHERE a.organisation_id = $2 AND a.state = 'published' AND a.deleted_at IS NULL
    AND a.team_id = ANY($4::uuid[]) AND ($5::text IS NULL OR a.language = $5)
), hits AS MATERIALIZED (
  SELECT t.article_id, t.term, t.weight, t.length, count(*) OVER (PARTITION BY t.term) AS held
  FROM article_terms t JOIN seen s ON s.id = t.article_id
  WHERE t.organisation_id = $2 AND t.term = ANY($3::text[])
), whole AS (
  SELECT (SELECT count(*) FROM seen) AS articles, (SELECT avg(length) FROM hits) AS mean
), parts AS (
  SELECT h.article_id, h.term,
    ln(1 + (w.articles - h.held + 0.5) / (h.held + 0.5))
      * h.weight * ({K1} + 1) / (h.weight + {K1} * (1 - {B} + {B} * h.length / w.mean)) AS part
  FROM hits h, whole w
), best AS (
  SELECT article_id, sum(part) AS score, (array_agg(term ORDER BY part DESC, term))[1:8] AS words
  FROM parts GROUP BY article_id ORDER BY sum(part) DESC, article_id LIMIT {CANDIDATES}
)
SELECT a.id, a.title, a.summary, a.language, a.visibility, a.body, a.kinds, a.product_ids, a.tags,
  best.score, best.words,
  (SELECT count(*) FROM article_feedback f WHERE f.organisation_id = $2 AND f.article_id = a.id) AS rated,
  (SELECT count(*) FROM article_feedback f
    WHERE f.organisation_id = $2 AND f.article_id = a.id AND f.is_helpful) AS helpful,
  (SELECT count(*) FROM ticket_articles u WHERE u.organisation_id = $2 AND u.article_id = a.id) AS used,
  (SELECT count(*) FROM ticket_articles u
    JOIN tickets t ON t.organisation_id = $2 AND t.id = u.ticket_id
    WHERE u.organisation_id = $2 AND u.article_id = a.id AND t.solved_at >= u.created_at) AS solved
FROM best JOIN articles a ON a.organisation_id = $2 AND a.id = best.article_id
"""
SHOWN = """
INSERT INTO article_shown (organisation_id, article_id, ticket_id)
SELECT $1, id, $3 FROM unnest($2::uuid[]) AS id ON CONFLICT DO NOTHING
"""
ASKED = """
INSERT INTO article_inquiries (organisation_id, id, article_ids, asked_by) VALUES ($1, $2, $3, $4)
"""
CAME_OF = """
UPDATE article_inquiries SET ticket_id = $3
WHERE organisation_id = $1 AND id = $2 AND asked_by IS NOT DISTINCT FROM $4 AND (ticket_id IS NULL OR ticket_id = $3)
RETURNING id::text, article_ids::text[], ticket_id::text, created_at
"""
IS_THERE = """
SELECT 1 FROM article_inquiries WHERE organisation_id = $1 AND id = $2 AND asked_by IS NOT DISTINCT FROM $3
"""


async def suggested(
    call: Call, text: str, about: About, *, limit: int, language: str | None = None
) -> list[dict[str, Any]]:
    """Published articles that the caller may see, the best first, each with why."""
    terms = list(dict.fromkeys(terms_of(text)))[:MOST_ASKED]
    if not terms:
        return []
    asked = (call.organisation, terms, list(audiences_of(call.by)), language)
    rows = await call.db.fetch(call.organisation, SCORED, *asked)
    return [
        _shown(each.article, each.score, each.boosts)
        for each in ranked([dict(row) for row in rows], about, limit)
    ]


def _shown(article: Mapping[str, Any], score: float, boosts: Mapping[str, float]) -> dict[str, Any]:
    words = article["words"]
    return {
        "article_id": str(article["id"]), "title": article["title"], "summary": article["summary"],
        "language": article["language"], "visibility": article["visibility"], "score": score,
        "words": words, "boosts": boosts, "snippet": snippet_of(article["body"], " ".join(words)),
    }  # fmt: skip


async def suggested_for(call: Call, ticket_id: UUID, limit: int) -> list[dict[str, Any]]:
    """For a ticket from its subject and description; that they were shown is kept."""
    ticket = await reads.find_record(call, TICKETS, ticket_id)
    product = ticket["product_id"]
    about = About(ticket["kind"], UUID(str(product)) if product else None, ticket["tags"])
    text = f"{ticket['subject']}\n{ticket['subject']}\n{ticket['description'] or ''}"
    found = await suggested(call, text, about, limit=limit)
    if found:
        ids = [UUID(each["article_id"]) for each in found]
        async with call.db.transaction(call.organisation) as connection:
            await connection.execute(SHOWN, call.organisation, ids, ticket_id)
    return found


async def keep_inquiry(call: Call, connection: Connection, article_ids: list[UUID]) -> UUID:
    """That somebody asked and what was suggested; not what they asked."""
    inquiry_id = new_id()
    await connection.execute(
        ASKED, call.organisation, inquiry_id, article_ids, call.by.user_id
    )  # fmt: skip
    return inquiry_id


async def note_ticket(
    call: Call, connection: Connection, inquiry_id: UUID, ticket_id: UUID
) -> dict[str, Any]:
    """The ticket that came of an inquiry all the same: the first one that its asker names."""
    await load_ticket(call, connection, ticket_id, to_write=False)
    place = (call.organisation, inquiry_id)
    row = await connection.fetchrow(CAME_OF, *place, ticket_id, call.by.user_id)
    if row is not None:
        return dict(row)
    if await connection.fetchval(IS_THERE, *place, call.by.user_id):
        raise Conflict("Another ticket came of this inquiry.", errors={"ticket_id": "Named already."})  # fmt: skip
    raise NotFound(f"There is no inquiry with the id {str(inquiry_id)!r}.")

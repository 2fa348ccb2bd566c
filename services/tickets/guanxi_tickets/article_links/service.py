"""Articles that are used for tickets. A link stays with the ticket it was made on: a survivor shows those
of what went into it, so that a merge undone needs nothing put back, and a split takes none along."""

from typing import Any, Final
from uuid import UUID

from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound, UnknownReference
from guanxi_tickets.articles.sight import audiences_of
from guanxi_tickets.tickets.resources import TICKETS
from guanxi_tickets.tickets.service import load_ticket

MOST: Final = 200
SEEN = """
SELECT 1 FROM articles
WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL AND team_id = ANY($3::uuid[]) FOR SHARE
"""
ADD = """
INSERT INTO ticket_articles (organisation_id, ticket_id, article_id, created_by)
VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING 1
"""
# The ticket and all that went into it.
MERGED = """
WITH RECURSIVE merged AS (
  SELECT {ticket}::uuid AS id
  UNION SELECT t.id FROM merged JOIN tickets t ON t.organisation_id = {organisation} AND t.merged_into_id = merged.id)
"""
REMOVE = MERGED.format(ticket="$2", organisation="$1") + """
DELETE FROM ticket_articles u USING merged
WHERE u.organisation_id = $1 AND u.ticket_id = merged.id AND u.article_id = $3 RETURNING 1
"""  # fmt: skip
OF_TICKET = MERGED.format(ticket="$3", organisation="$2") + """
SELECT DISTINCT ON (u.article_id) u.article_id::text, a.title, a.language, a.visibility, a.state,
  u.created_by::text AS used_by, u.created_at AS used_at
FROM merged JOIN ticket_articles u ON u.organisation_id = $2 AND u.ticket_id = merged.id
JOIN articles a ON a.organisation_id = $2 AND a.id = u.article_id
WHERE a.deleted_at IS NULL AND a.team_id = ANY($4::uuid[])
ORDER BY u.article_id, u.created_at LIMIT 200
"""  # fmt: skip
# What went into another ticket counts as that one.
OF_ARTICLE = """
WITH RECURSIVE up AS (
  SELECT u.ticket_id, u.created_by, u.created_at, u.ticket_id AS at FROM ticket_articles u
  WHERE u.organisation_id = $2 AND u.article_id = $3
  UNION SELECT up.ticket_id, up.created_by, up.created_at, t.merged_into_id FROM up
  JOIN tickets t ON t.organisation_id = $2 AND t.id = up.at AND t.merged_into_id IS NOT NULL)
SELECT DISTINCT ON (t.id) t.id::text AS ticket_id, t.number, t.subject, t.status,
  up.created_by::text AS used_by, up.created_at AS used_at
FROM up JOIN tickets t ON t.organisation_id = $2 AND t.id = up.at
WHERE t.deleted_at IS NULL AND ($4 OR t.owner_id = ANY($5::uuid[]) OR t.team_id = ANY($6::uuid[]) OR t.id = ANY($7::uuid[]))
ORDER BY t.id, up.created_at LIMIT 200
"""


async def link_article(
    call: Call, connection: Connection, ticket_id: UUID, article_id: UUID
) -> None:
    """Once a ticket and article; whoever used it first stays. Both are there for the caller."""
    await load_ticket(call, connection, ticket_id)
    asked = (call.organisation, article_id, list(audiences_of(call.by)))
    if await connection.fetchval(SEEN, *asked) is None:
        raise UnknownReference(
            "article_id names no article.", errors={"article_id": "There is no such article."}
        )
    await connection.fetchval(ADD, call.organisation, ticket_id, article_id, call.by.user_id)


async def unlink_article(
    call: Call, connection: Connection, ticket_id: UUID, article_id: UUID
) -> None:
    await load_ticket(call, connection, ticket_id)
    asked = (call.organisation, article_id, list(audiences_of(call.by)))
    is_seen = await connection.fetchval(SEEN, *asked)
    if is_seen is None or not await connection.fetchval(
        REMOVE, call.organisation, ticket_id, article_id
    ):
        raise NotFound("This article was not used for the ticket.")


async def articles_of(call: Call, ticket_id: UUID) -> list[dict[str, Any]]:
    """Those that the caller may see; of others nothing tells that they were used."""
    await reads.find_record(call, TICKETS, ticket_id)
    asked = (call.organisation, ticket_id, list(audiences_of(call.by)))
    return [dict(row) for row in await call.db.fetch(call.organisation, OF_TICKET, *asked)]


async def tickets_of(call: Call, article_id: UUID) -> list[dict[str, Any]]:
    """Those that the caller may see; whether they see the article is decided before."""
    scope = await call.scope_of(TICKETS)
    rows = await call.db.fetch(
        call.organisation, OF_ARTICLE, call.organisation, article_id,
        scope.everything, list(scope.owners), list(scope.teams), list(scope.shared),
    )  # fmt: skip
    return [dict(row) for row in rows]

"""The public part of the knowledge base, for whoever has a link."""

from typing import Any, Final
from uuid import UUID

from guanxi_shared import pages, reads
from guanxi_shared.pages import ListQuery
from guanxi_tickets.article_feedback.schemas import FeedbackCreate
from guanxi_tickets.article_feedback.service import give_feedback, note_view
from guanxi_tickets.articles.found_rules import snippet_of
from guanxi_tickets.articles.resources import ARTICLES
from guanxi_tickets.articles.sight import audiences_of
from guanxi_tickets.portal.visiting import Visit

MOST: Final = 20
# What is written about the article stays inside.
SHOWN: Final = ("id", "title", "summary", "language", "updated_at")


async def find_articles(
    visit: Visit, query: str | None, language: str | None
) -> list[dict[str, Any]]:
    """Published and for everybody: a visitor sees no others. The best first, or the newest."""
    document: dict[str, Any] = {"limit": MOST, "filter_groups": []}
    if language is not None:
        wanted = {"field": "language", "operator": "eq", "value": language}
        document["filter_groups"] = [{"filters": [wanted]}]
    if query is not None:
        document["query"] = query
    else:
        document["sorts"] = ["-updated_at"]
    found = pages.from_document(document, ARTICLES, ARTICLES.fields, visit.call.clock)
    rows = await _rows(visit, found)
    return [_shown(row) | {"snippet": snippet_of(row["body"], query or "")} for row in rows]


async def read_article(visit: Visit, article_id: UUID) -> dict[str, Any]:
    row = await reads.find_record(visit.call, ARTICLES, article_id)
    async with visit.house.db.transaction(visit.organisation) as connection:
        await note_view(connection, visit.organisation, reader_of(visit), article_id)
    return _shown(row) | {"body": row["body"]}


async def say_of_article(visit: Visit, article_id: UUID, data: FeedbackCreate) -> dict[str, Any]:
    """The last word counts, of the person or, where nobody knows who it is, of the link."""
    async with visit.house.db.transaction(visit.organisation) as connection:
        return await give_feedback(
            connection, visit.organisation, article_id, reader_id=reader_of(visit),
            reader_kind="contact", is_helpful=data.helpful, comment=data.comment,
            audiences=list(audiences_of(visit.call.by)),
        )  # fmt: skip


def reader_of(visit: Visit) -> UUID:
    people: list[UUID] = visit.link["person_ids"]
    found: UUID = people[-1] if people else visit.link["id"]
    return found


async def _rows(visit: Visit, query: ListQuery) -> list[dict[str, Any]]:
    rows, _, _ = await reads.page_of(visit.call, ARTICLES, query)
    return [dict(row) for row in rows]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in SHOWN}

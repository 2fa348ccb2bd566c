"""What was learnt becomes an article: a draft that somebody finishes."""

from typing import Any
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.records import State
from guanxi_tickets.article_links.service import link_article
from guanxi_tickets.articles.schemas import ArticleCreate
from guanxi_tickets.articles.service import create_article


async def draft_from_lesson(
    call: Call, connection: Connection, *, title: str, body: str, language: str, ticket_id: UUID,
    **more: Any,
) -> State:  # fmt: skip
    """An internal draft of the caller's, who needs `articles:create`, linked to the ticket that taught it.
    `more` are fields of ArticleCreate."""
    call.by.demand("articles:create")
    data = ArticleCreate(title=title[:200], body=body, language=language, **more)
    state = await create_article(call, connection, data)
    await link_article(call, connection, ticket_id, state["id"])
    return state

"""Articles used for tickets, over HTTP."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import json_response
from guanxi_tickets.article_links import service
from guanxi_tickets.article_links.schemas import UsedArticles, UsedCreate, UsedOnTickets
from guanxi_tickets.articles.resources import ARTICLES

router = APIRouter(tags=["knowledge base"])
ON_TICKET = "/v1/tickets/{ticket_id}/articles"
TICKET, ARTICLE = documents.path_id("ticket_id"), documents.path_id("article_id")
READS, WRITES = documents.problems(404), documents.problems(404, 409, 413, 415, 422)


@router.get(
    ON_TICKET,
    **documents.operation(
        "list_ticket_articles", "Articles that were used for the ticket, or for what went into it",
        parameters=[TICKET], response_model=UsedArticles, responses=READS,
    ),
)  # fmt: skip
async def list_ticket_articles(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    call.by.demand("articles:read")
    return _shown(await service.articles_of(call, _id(request, "ticket_id")))


@router.post(
    ON_TICKET,
    **documents.operation(
        "link_ticket_article", "Say that an article was used for the ticket",
        parameters=[TICKET, documents.IDEMPOTENCY_KEY], body=UsedCreate,
        response_model=UsedArticles, responses=WRITES,
    ),
)  # fmt: skip
async def link_ticket_article(request: Request) -> Response:
    call = await begin(request, "tickets:create")
    call.by.demand("articles:read")
    raw, ticket_id = await call.body(), _id(request, "ticket_id")
    data = writes.parse(UsedCreate, raw)

    async def work(connection: Connection) -> Answer:
        await service.link_article(call, connection, ticket_id, data.article_id)
        return Answer(200, b"")

    answer = await answer_once(call, work, fingerprint_of=raw)
    return (
        _shown(await service.articles_of(call, ticket_id)) if answer.status_code < 400 else answer
    )


@router.delete(
    ON_TICKET + "/{article_id}",
    **documents.operation(
        "unlink_ticket_article", "It was not used after all",
        parameters=[TICKET, ARTICLE], response_model=UsedArticles, responses=WRITES,
    ),
)  # fmt: skip
async def unlink_ticket_article(request: Request) -> Response:
    call = await begin(request, "tickets:create")
    call.by.demand("articles:read")
    ticket_id = _id(request, "ticket_id")
    async with call.db.transaction(call.organisation) as connection:
        await service.unlink_article(call, connection, ticket_id, _id(request, "article_id"))
    return _shown(await service.articles_of(call, ticket_id))


@router.get(
    "/v1/articles/{article_id}/tickets",
    **documents.operation(
        "list_article_tickets", "Tickets that the article was used for, those you may see",
        parameters=[ARTICLE], response_model=UsedOnTickets, responses=READS,
    ),
)  # fmt: skip
async def list_article_tickets(request: Request) -> Response:
    call = await begin(request, "articles:read")
    call.by.demand("tickets:read")
    article_id = _id(request, "article_id")
    await reads.find_record(call, ARTICLES, article_id)
    return _shown(await service.tickets_of(call, article_id))


def _id(request: Request, name: str) -> UUID:
    return id_in_path(request.path_params[name])


def _shown(found: object) -> Response:
    return json_response({"data": found})

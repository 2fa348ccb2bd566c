"""Suggestions over HTTP."""

from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, writes
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.errors import Malformed
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import JSON_OPTIONS, json_response
from guanxi_shared.pages import query_pairs
from guanxi_tickets.article_suggestions import service
from guanxi_tickets.article_suggestions.ranking_rules import About
from guanxi_tickets.article_suggestions.schemas import (
    Inquiry,
    InquiryAnswer,
    InquiryRead,
    InquiryTicket,
    Suggestions,
)

router = APIRouter(tags=["knowledge base"])
MOST = 20


@router.get(
    "/v1/tickets/{ticket_id}/article-suggestions",
    **documents.operation(
        "list_ticket_article_suggestions", "Articles that may answer the ticket, each with why",
        parameters=[
            documents.path_id("ticket_id"),
            documents.query_parameter("limit", "integer", "1 to 20, 5 if absent", minimum=1, maximum=MOST),
        ],
        response_model=Suggestions, responses=documents.problems(404),
    ),
)  # fmt: skip
async def list_ticket_article_suggestions(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    call.by.demand("articles:read")
    ticket_id = id_in_path(request.path_params["ticket_id"])
    return json_response({"data": await service.suggested_for(call, ticket_id, _limit(request))})


@router.post(
    "/v1/articles/suggest",
    **documents.operation(
        "suggest_articles", "Articles that may answer a question, before there is a ticket",
        parameters=[documents.IDEMPOTENCY_KEY], body=Inquiry, response_model=InquiryAnswer,
        responses=documents.problems(409, 413, 415, 422),
    ),
)  # fmt: skip
async def suggest_articles(request: Request) -> Response:
    call = await begin(request, "articles:read")
    raw = await call.body()
    data = writes.parse(Inquiry, raw)
    about = About(data.kind, data.product_id, data.tags)

    async def work(connection: Connection) -> Answer:
        found = await service.suggested(
            call, data.text, about, limit=data.limit, language=data.language
        )
        ids = [UUID(each["article_id"]) for each in found]
        inquiry_id = await service.keep_inquiry(call, connection, ids)
        return Answer(200, orjson.dumps({"inquiry_id": str(inquiry_id), "data": found}))

    return await answer_once(call, work, fingerprint_of=raw)


@router.post(
    "/v1/articles/inquiries/{inquiry_id}/ticket",
    **documents.operation(
        "note_inquiry_ticket", "Say which ticket came of a question that articles did not answer",
        parameters=[documents.path_id("inquiry_id"), documents.IDEMPOTENCY_KEY],
        body=InquiryTicket, response_model=InquiryRead,
        responses=documents.problems(404, 409, 413, 415, 422),
    ),
)  # fmt: skip
async def note_inquiry_ticket(request: Request) -> Response:
    call = await begin(request, "articles:read")
    call.by.demand("tickets:read")
    raw, inquiry_id = await call.body(), id_in_path(request.path_params["inquiry_id"])
    data = writes.parse(InquiryTicket, raw)

    async def work(connection: Connection) -> Answer:
        found = await service.note_ticket(call, connection, inquiry_id, data.ticket_id)
        return Answer(200, orjson.dumps(found, option=JSON_OPTIONS))

    return await answer_once(call, work, fingerprint_of=raw)


def _limit(request: Request) -> int:
    sent: dict[str, Any] = dict(query_pairs(request.scope["query_string"]))
    text = sent.pop("limit", "5")
    if sent:
        name = sorted(sent)[0]
        raise Malformed(f"Suggestions do not take {name!r}.", errors={name: "Unknown parameter."})
    if not (text.isascii() and text.isdigit() and len(text) < 3 and 1 <= int(text) <= MOST):
        raise Malformed(f"limit must be from 1 to {MOST}.", errors={"limit": f"Send 1 to {MOST}."})
    return int(text)

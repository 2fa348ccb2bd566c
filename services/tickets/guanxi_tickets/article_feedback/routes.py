"""Feedback, views, usefulness and deflection over HTTP."""

from datetime import datetime, timedelta
from uuid import UUID

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, filters, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden, Malformed
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import JSON_OPTIONS, json_response
from guanxi_shared.pages import query_pairs
from guanxi_shared.resources import INSTANT
from guanxi_tickets.article_feedback import service
from guanxi_tickets.article_feedback.schemas import (
    DeflectionReport,
    FeedbackCreate,
    FeedbackPage,
    FeedbackRead,
    Usefulness,
)
from guanxi_tickets.articles.resources import ARTICLES
from guanxi_tickets.articles.sight import WRITING, audiences_of

router = APIRouter(tags=["knowledge base"])
ONE = "/v1/articles/{article_id}"
ARTICLE = documents.path_id("article_id")
READS, WRITES = documents.problems(404), documents.problems(404, 409, 413, 415, 422)


@router.post(
    ONE + "/feedback",
    **documents.operation(
        "give_article_feedback", "Say whether an article helped; the last word counts",
        parameters=[ARTICLE, documents.IDEMPOTENCY_KEY], body=FeedbackCreate,
        response_model=FeedbackRead, responses=WRITES,
    ),
)  # fmt: skip
async def give_article_feedback(request: Request) -> Response:
    call = await begin(request, "articles:read")
    raw, article_id, reader_id = await call.body(), _id(request), _reader(call)
    data = writes.parse(FeedbackCreate, raw)

    async def work(connection: Connection) -> Answer:
        found = await service.give_feedback(
            connection, call.organisation, article_id, reader_id=reader_id, reader_kind="user",
            is_helpful=data.helpful, comment=data.comment, audiences=list(audiences_of(call.by)),
        )  # fmt: skip
        return Answer(200, orjson.dumps(found, option=JSON_OPTIONS))

    return await answer_once(call, work, fingerprint_of=raw)


@router.get(
    ONE + "/feedback",
    **documents.operation(
        "list_article_feedback", "What readers said, the newest first; for those who write",
        parameters=[ARTICLE], response_model=FeedbackPage, responses=READS,
    ),
)  # fmt: skip
async def list_article_feedback(request: Request) -> Response:
    call = await begin(request, WRITING)
    return json_response({"data": await service.list_feedback(call, _id(request))})


@router.post(
    ONE + "/view",
    **documents.operation(
        "note_article_view", "Say that you read an article; counted once a day",
        parameters=[ARTICLE, documents.IDEMPOTENCY_KEY], response_model=Usefulness, responses=WRITES,
    ),
)  # fmt: skip
async def note_article_view(request: Request) -> Response:
    call = await begin(request, "articles:read")
    article_id, raw = _id(request), await call.body()
    reader_id = _reader(call)
    await reads.find_record(call, ARTICLES, article_id)

    async def work(connection: Connection) -> Answer:
        await service.note_view(connection, call.organisation, reader_id, article_id)
        return Answer(200, b"{}")

    await answer_once(call, work, fingerprint_of=raw)
    return json_response(await service.usefulness_of(call, article_id))


@router.get(
    ONE + "/usefulness",
    **documents.operation(
        "get_article_usefulness", "How often it was read, suggested, used, and whether it helped",
        parameters=[ARTICLE], response_model=Usefulness, responses=READS,
    ),
)  # fmt: skip
async def get_article_usefulness(request: Request) -> Response:
    call = await begin(request, "articles:read")
    return json_response(await service.usefulness_of(call, _id(request)))


@router.get(
    "/v1/articles/deflection-report",
    **documents.operation(
        "get_deflection_report", "What became of questions that articles were suggested for",
        parameters=[
            documents.query_parameter("since", "string", "30 days ago, if absent", format="date-time"),
            documents.query_parameter("until", "string", "now, if absent", format="date-time"),
        ],
        response_model=DeflectionReport, responses=documents.problems(),
    ),
)  # fmt: skip
async def get_deflection_report(request: Request) -> Response:
    call = await begin(request, WRITING)
    since, until = _span(call)
    return json_response(await service.deflection(call, since, until))


def _span(call: Call) -> tuple[datetime, datetime]:
    sent = dict(query_pairs(call.request.scope["query_string"]))
    now = call.clock.now
    found = {"since": now - timedelta(days=30), "until": now}
    for name, text in sent.items():
        if name not in found:
            raise Malformed(f"The report does not take {name[:60]!r}.", errors={name: "Unknown parameter."})  # fmt: skip
        try:
            found[name] = filters.PARSERS[INSTANT](text, call.clock)
        except (ValueError, OverflowError) as error:
            raise Malformed(f"{name} must be a time.", errors={name: "Send an instant."}) from error
    if found["since"] >= found["until"]:
        raise Malformed("since must be before until.", errors={"since": "Send an earlier time."})
    return found["since"], found["until"]


def _reader(call: Call) -> UUID:
    if call.by.user_id is None:
        raise Forbidden("This token names no person.")
    return call.by.user_id


def _id(request: Request) -> UUID:
    return id_in_path(request.path_params["article_id"])

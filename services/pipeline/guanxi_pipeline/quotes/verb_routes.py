"""What becomes of a quote, over HTTP: approval, sending, answer, versions, paper."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import orjson
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.quotes import approving, deciding, revising, sending
from guanxi_pipeline.quotes.printing import language_asked, print_quote
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.quotes.schemas import (
    Acceptance,
    ApprovalComment,
    QuoteLink,
    QuoteRead,
    Rejection,
)
from guanxi_pipeline.quotes.service import load_quote
from guanxi_shared import documents, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import State, state_bytes

router = APIRouter(tags=["quotes"])
PATH = "/v1/quotes"
ONE = PATH + "/{quote_id}"
Model = TypeVar("Model", bound=BaseModel)
Verb = Callable[[Call, Connection, UUID, int | None], Awaitable[State]]
LANGUAGE = documents.query_parameter(
    "language", "string", "Of the words around it; the quote's if absent.", enum=["zh", "en"]
)
PDF = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}


class QuoteSent(QuoteRead):
    link: QuoteLink


def _does(
    verb: str,
    summary: str,
    body: type[BaseModel] | None = None,
    model: Any = QuoteRead,
    **more: Any,
) -> dict[str, Any]:
    return documents.operation(
        f"{verb}_quote", summary,
        parameters=[documents.path_id("quote_id"), documents.IDEMPOTENCY_KEY, documents.IF_MATCH],
        body=body, response_model=model, responses=documents.problems(404, 409, 410, 412, 413, 415, 422),
        **more,
    )  # fmt: skip


async def _act(request: Request, work: Verb) -> Response:
    call = await begin(request, "quotes:update")
    quote_id, version = id_in_path(request.path_params["quote_id"]), writes.wanted_version(call)
    return await writes.act(call, lambda connection: work(call, connection, quote_id, version))


async def _act_with(
    request: Request, permission: str, model: type[Model],
    work: Callable[[Call, Connection, UUID, Model, int | None], Awaitable[State]],
) -> Response:  # fmt: skip
    call = await begin(request, permission)
    quote_id, version = id_in_path(request.path_params["quote_id"]), writes.wanted_version(call)
    raw = await call.body()
    data = writes.parse(model, raw)
    return await writes.act(
        call, lambda connection: work(call, connection, quote_id, data, version), raw=raw
    )


@router.post(ONE + "/submit", **_does("submit", "Ask for the approvals that are needed"))
async def submit_quote(request: Request) -> Response:
    return await _act(request, approving.submit_quote)


@router.post(ONE + "/approve", **_does("approve", "Approve the step that waits", ApprovalComment))
async def approve_quote(request: Request) -> Response:
    return await _act_with(request, "quotes:read", ApprovalComment, approving.approve_quote)


@router.post(ONE + "/refuse", **_does("refuse", "Send it back to be changed", ApprovalComment))
async def refuse_quote(request: Request) -> Response:
    return await _act_with(request, "quotes:read", ApprovalComment, approving.refuse_quote)


@router.post(
    ONE + "/send", **_does("send", "Seal it and open it for the customer's answer", model=QuoteSent)
)
async def send_quote(request: Request) -> Response:
    """The link is added after the answer was stored for repetition: it is a secret."""
    response = await _act(request, sending.send_quote)
    if response.status_code != 200:
        return response
    call, quote = await begin(request, None), orjson.loads(bytes(response.body))
    zone = await sending.zone_of(call.house, call.organisation)
    link = sending.link_to(call.house, call.organisation, quote, zone)
    headers = {k: v for k, v in response.headers.items() if k.lower() != "content-length"}
    headers["cache-control"] = "no-store"
    return Response(_json({**quote, "link": link}), 200, headers)


@router.get(
    ONE + "/link",
    **documents.operation(
        "get_quote_link",
        "The customer's link to this version: whoever has it may answer",
        parameters=[documents.path_id("quote_id")],
        response_model=QuoteLink,
        responses=documents.problems(404, 409),
    ),
)
async def get_quote_link(request: Request) -> Response:
    call = await begin(request, "quotes:update")
    found = await sending.read_link(call, id_in_path(request.path_params["quote_id"]))
    headers = {"cache-control": "no-store"}
    return Response(_json(found), media_type="application/json", headers=headers)


@router.post(ONE + "/withdraw", **_does("withdraw", "Take an offer back"))
async def withdraw_quote(request: Request) -> Response:
    return await _act(request, sending.withdraw_quote)


@router.post(ONE + "/accept", **_does("accept", "Write down that the customer accepts", Acceptance))
async def accept_quote(request: Request) -> Response:
    async def work(
        call: Call, connection: Connection, quote_id: UUID, data: Acceptance, version: int | None
    ) -> State:
        loaded = await load_quote(call, connection, quote_id, version)
        decision = deciding.decision_of(data.name, data.comment, by_id=call.by.user_id)
        today = call.clock.today
        return await deciding.accept(connection, loaded, decision, actor=call.actor, today=today)

    return await _act_with(request, "quotes:update", Acceptance, work)


@router.post(ONE + "/reject", **_does("reject", "Write down that the customer rejects", Rejection))
async def reject_quote(request: Request) -> Response:
    async def work(
        call: Call, connection: Connection, quote_id: UUID, data: Rejection, version: int | None
    ) -> State:
        loaded = await load_quote(call, connection, quote_id, version)
        decision = deciding.decision_of(data.name, data.reason, by_id=call.by.user_id)
        today = call.clock.today
        return await deciding.reject(connection, loaded, decision, actor=call.actor, today=today)

    return await _act_with(request, "quotes:update", Rejection, work)


@router.post(ONE + "/revise", **_does("revise", "The next version, as a draft", status_code=201))
async def revise_quote(request: Request) -> Response:
    call = await begin(request, "quotes:create")
    quote_id, version = id_in_path(request.path_params["quote_id"]), writes.wanted_version(call)

    async def write(connection: Connection) -> Answer:
        state = await revising.revise_quote(call, connection, quote_id, version)
        headers = {"etag": writes.etag_of(state), "location": f"{PATH}/{state['id']}"}
        return Answer(201, state_bytes(state), headers)

    return await answer_once(call, write, fingerprint_of=await call.body())


@router.get(
    ONE + "/pdf",
    **documents.operation(
        "get_quote_pdf",
        "The quote on paper",
        parameters=[documents.path_id("quote_id"), LANGUAGE, documents.IF_NONE_MATCH],
        response_class=Response,
        responses={
            200: {"description": "A PDF", "content": PDF},
            304: {"description": "You have this version."},
            **documents.problems(404),
        },
    ),
)
async def get_quote_pdf(request: Request) -> Response:
    call = await begin(request, "quotes:read")
    language = language_asked(request.query_params.get("language"))
    row = await reads.find_record(call, QUOTES, id_in_path(request.path_params["quote_id"]))
    quote = orjson.loads(orjson.dumps(row, option=orjson.OPT_UTC_Z))
    pdf = await print_quote(call.house, call.organisation, quote, language=language)
    return pdf_response(request, quote, pdf)


def pdf_response(request: Request, quote: dict[str, Any], pdf: bytes) -> Response:
    etag = f'"{hashlib.sha256(pdf).hexdigest()[:32]}"'
    headers = {"etag": etag, "cache-control": "private, no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    name = f"{quote['number']}-{quote['revision']}.pdf"
    headers["content-disposition"] = f'inline; filename="{name}"'
    return Response(pdf, media_type="application/pdf", headers=headers)


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)

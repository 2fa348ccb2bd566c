"""An offer for whoever has its link: read without signing in, answered once."""

from typing import Any, TypeVar

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.quotes import deciding
from guanxi_pipeline.quotes.printing import language_asked, print_quote
from guanxi_pipeline.quotes.public import Visit, as_offered, begin_visit, decide, read_offer
from guanxi_pipeline.quotes.schemas import Acceptance, Rejection
from guanxi_pipeline.quotes.verb_routes import LANGUAGE, PDF, pdf_response
from guanxi_shared import documents, writes
from guanxi_shared.calls import read_body
from guanxi_shared.errors import UnsupportedMedia
from guanxi_shared.records import State

router = APIRouter(tags=["public"])
PATH = "/v1/public/quotes/{token}"
MOST_BYTES = 65_536
TOKEN = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}
Model = TypeVar("Model", bound=BaseModel)


class Offer(BaseModel):
    """What is offered, and what became of it."""

    model_config = ConfigDict(extra="allow")

    number: str
    revision: int
    name: str
    status: str
    seller: str
    customer: str | None
    currency: str
    lines: list[dict[str, Any]]
    totals: dict[str, Any]
    decided_by: str | None


def _public(
    operation_id: str, summary: str, *, parameters: tuple[Any, ...] = (),
    body: type[BaseModel] | None = None, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    found = documents.operation(
        operation_id, summary, parameters=[TOKEN, *parameters], body=body, **more
    )
    found["openapi_extra"]["security"] = []
    return found


@router.get(
    PATH,
    **_public(
        "get_public_quote", "What is offered, for whoever has the link", response_model=Offer,
        responses=documents.problems(404, 410),
    ),
)  # fmt: skip
async def get_public_quote(request: Request) -> Response:
    visit = await begin_visit(request)
    return _answer(visit, *await read_offer(visit))


@router.get(
    PATH + "/pdf",
    **_public(
        "get_public_quote_pdf", "The offer on paper",
        parameters=(LANGUAGE, documents.IF_NONE_MATCH), response_class=Response,
        responses={
            200: {"description": "A PDF", "content": PDF}, 304: {"description": "You have it."},
            **documents.problems(404, 410),
        },
    ),
)  # fmt: skip
async def get_public_quote_pdf(request: Request) -> Response:
    visit = await begin_visit(request)
    language = language_asked(request.query_params.get("language"))
    quote, _ = await read_offer(visit)
    pdf = await print_quote(visit.house, visit.organisation, quote, language=language)
    return pdf_response(request, quote, pdf)


@router.post(
    PATH + "/accept",
    **_public(
        "accept_public_quote", "Accept the offer", body=Acceptance, response_model=Offer,
        responses=documents.problems(404, 409, 410, 413, 415, 422),
    ),
)  # fmt: skip
async def accept_public_quote(request: Request) -> Response:
    visit = await begin_visit(request)
    data = await _sent(request, Acceptance)
    return _answer(visit, *await decide(request, visit, deciding.accept, data.name, data.comment))


@router.post(
    PATH + "/reject",
    **_public(
        "reject_public_quote", "Reject the offer", body=Rejection, response_model=Offer,
        responses=documents.problems(404, 409, 410, 413, 415, 422),
    ),
)  # fmt: skip
async def reject_public_quote(request: Request) -> Response:
    visit = await begin_visit(request)
    data = await _sent(request, Rejection)
    return _answer(visit, *await decide(request, visit, deciding.reject, data.name, data.reason))


async def _sent(request: Request, model: type[Model]) -> Model:
    if "json" not in request.headers.get("content-type", "application/json"):
        raise UnsupportedMedia("Send application/json.")
    return writes.parse(model, await read_body(request, MOST_BYTES))


def _answer(visit: Visit, quote: State, customer: str | None) -> Response:
    body = orjson.dumps(as_offered(visit, quote, customer), option=orjson.OPT_UTC_Z)
    headers = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    return Response(body, media_type="application/json", headers=headers)

"""Quotes over HTTP. What becomes of one is in verb_routes.py, what customers see in public_routes.py."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.quotes import service
from guanxi_pipeline.quotes.reading import list_awaiting, read_quote
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.quotes.schemas import QuoteCreate, QuoteRead, QuoteUpdate
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.edge import hot
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["quotes"])
PATH = "/v1/quotes"
ONE = PATH + "/{quote_id}"


class AwaitingQuotes(BaseModel):
    data: list[QuoteRead]


@router.get(
    PATH + "/awaiting",
    **documents.operation(
        "list_awaiting_quotes",
        "The quotes that wait for your approval, the longest first, 200 at most",
        response_model=AwaitingQuotes,
        responses=documents.problems(),
    ),
)
async def list_awaiting_quotes(request: Request) -> Response:
    return await list_awaiting(await begin(request, "quotes:read"))


@router.get(ONE, **documents.gets(QUOTES))
@hot
async def get_quote(request: Request) -> Response:
    call = await begin(request, "quotes:read")
    quote_id = request.path_params["quote_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, QUOTES, quote_id, moment)
    return await read_quote(call, quote_id)


@router.get(PATH, **documents.lists(QUOTES))
@hot
async def list_quotes(request: Request) -> Response:
    return await reads.list_records(await begin(request, "quotes:read"), QUOTES)


@router.post(PATH + "/search", **documents.searches(QUOTES))
async def search_quotes(request: Request) -> Response:
    return await reads.search_records(await begin(request, "quotes:read"), QUOTES)


@router.post(PATH, **documents.creates(QUOTES, QuoteCreate))
@hot
async def create_quote(request: Request) -> Response:
    call = await begin(request, "quotes:create")
    return await writes.create(call, QUOTES, QuoteCreate, service.create_quote, path=PATH)


@router.patch(ONE, **documents.updates(QUOTES, QuoteUpdate))
@hot
async def update_quote(request: Request) -> Response:
    call = await begin(request, "quotes:update")
    quote_id = id_in_path(request.path_params["quote_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        QuoteUpdate,
        lambda connection, data: service.update_quote(call, connection, quote_id, data, version),
    )


@router.delete(
    ONE,
    **documents.acts(QUOTES, "delete", "Delete a quote that no customer has seen", takes_key=False),
)
async def delete_quote(request: Request) -> Response:
    call = await begin(request, "quotes:delete")
    quote_id = id_in_path(request.path_params["quote_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_quote(call, connection, quote_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(QUOTES, "restore", "Bring a quote back"))
async def restore_quote(request: Request) -> Response:
    call = await begin(request, "quotes:delete")
    quote_id = id_in_path(request.path_params["quote_id"])
    return await writes.act(
        call, lambda connection: service.restore_quote(call, connection, quote_id)
    )


@router.get(ONE + "/history", **documents.histories(QUOTES))
async def get_quote_history(request: Request) -> Response:
    call = await begin(request, "quotes:read")
    return await history.get_history(call, QUOTES, request.path_params["quote_id"])


VERBS = Verbs(
    create_model=QuoteCreate,
    update_model=QuoteUpdate,
    create=service.create_quote,
    update=service.update_quote,
    delete=service.delete_quote,
    find=service.find_quotes,
)


@router.post(PATH + "/batch", **documents.batches(QUOTES, BatchRequest, BatchAnswer))
async def batch_quotes(request: Request) -> Response:
    return await run_batch(await begin(request, None), QUOTES, VERBS)

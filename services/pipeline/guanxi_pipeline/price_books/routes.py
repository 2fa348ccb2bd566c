"""Price books over HTTP; their entries are in entry_routes.py."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.price_books import service
from guanxi_pipeline.price_books.pricing import answer_prices
from guanxi_pipeline.price_books.resources import PRICE_BOOKS
from guanxi_pipeline.price_books.schemas import (
    PriceBookCreate,
    PriceBookUpdate,
    PriceQuestion,
    Prices,
)
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["price books"])
PATH = "/v1/price-books"
ONE = PATH + "/{price_book_id}"


def _named(keywords: dict[str, Any], operation_id: str) -> dict[str, Any]:
    """Operation ids have no hyphen."""
    return keywords | {"operation_id": operation_id}


@router.get(PATH, **_named(documents.lists(PRICE_BOOKS), "list_price_books"))
async def list_price_books(request: Request) -> Response:
    return await reads.list_records(await begin(request, "price-books:read"), PRICE_BOOKS)


@router.post(PATH + "/search", **_named(documents.searches(PRICE_BOOKS), "search_price_books"))
async def search_price_books(request: Request) -> Response:
    return await reads.search_records(await begin(request, "price-books:read"), PRICE_BOOKS)


@router.post(
    PATH + "/price",
    **documents.operation(
        "ask_prices",
        "What products cost an account on a day, and why",
        body=PriceQuestion,
        response_model=Prices,
        responses=documents.problems(413, 415, 422),
    ),
)
async def ask_prices(request: Request) -> Response:
    call = await begin(request, "price-books:read")
    data = writes.parse(PriceQuestion, await call.body())
    return Response(await answer_prices(call, data), media_type="application/json")


@router.post(
    PATH + "/batch",
    **_named(documents.batches(PRICE_BOOKS, BatchRequest, BatchAnswer), "batch_price_books"),
)
async def batch_price_books(request: Request) -> Response:
    return await run_batch(await begin(request, None), PRICE_BOOKS, VERBS)


@router.get(ONE, **documents.gets(PRICE_BOOKS))
async def get_price_book(request: Request) -> Response:
    call = await begin(request, "price-books:read")
    price_book_id = request.path_params["price_book_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, PRICE_BOOKS, price_book_id, moment)
    return await reads.get_record(call, PRICE_BOOKS, price_book_id)


@router.post(PATH, **documents.creates(PRICE_BOOKS, PriceBookCreate))
async def create_price_book(request: Request) -> Response:
    call = await begin(request, "price-books:create")
    return await writes.create(
        call, PRICE_BOOKS, PriceBookCreate, service.create_price_book, path=PATH
    )


@router.patch(ONE, **documents.updates(PRICE_BOOKS, PriceBookUpdate))
async def update_price_book(request: Request) -> Response:
    call = await begin(request, "price-books:update")
    price_book_id = id_in_path(request.path_params["price_book_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        PriceBookUpdate,
        lambda connection, data: service.update_price_book(
            call, connection, price_book_id, data, version
        ),
    )


@router.delete(ONE, **documents.acts(PRICE_BOOKS, "delete", "Delete a price book", takes_key=False))
async def delete_price_book(request: Request) -> Response:
    call = await begin(request, "price-books:delete")
    price_book_id = id_in_path(request.path_params["price_book_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call,
        lambda connection: service.delete_price_book(call, connection, price_book_id, version),
    )


@router.post(ONE + "/restore", **documents.acts(PRICE_BOOKS, "restore", "Bring a price book back"))
async def restore_price_book(request: Request) -> Response:
    call = await begin(request, "price-books:delete")
    price_book_id = id_in_path(request.path_params["price_book_id"])
    return await writes.act(
        call, lambda connection: service.restore_price_book(call, connection, price_book_id)
    )


@router.get(ONE + "/history", **documents.histories(PRICE_BOOKS))
async def get_price_book_history(request: Request) -> Response:
    call = await begin(request, "price-books:read")
    return await history.get_history(call, PRICE_BOOKS, request.path_params["price_book_id"])


VERBS = Verbs(
    create_model=PriceBookCreate,
    update_model=PriceBookUpdate,
    create=service.create_price_book,
    update=service.update_price_book,
    delete=service.delete_price_book,
    find=service.find_price_books,
)

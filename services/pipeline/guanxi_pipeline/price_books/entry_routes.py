"""The entries of a price book over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import orjson
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.price_books import entries
from guanxi_pipeline.price_books.schemas import (
    EntriesPatch,
    EntriesPut,
    EntriesWritten,
    EntryPage,
)
from guanxi_shared import documents, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["price books"])
PATH = "/v1/price-books/{price_book_id}/entries"
MOST_BYTES = 8 * 1_048_576
Model = TypeVar("Model", bound=BaseModel)
Work = Callable[[Call, Connection, UUID, Model, int | None], Awaitable[dict[str, Any]]]
PARAMETERS = [
    documents.path_id("price_book_id"), documents.IF_MATCH, documents.IDEMPOTENCY_KEY,
]  # fmt: skip


@router.get(
    PATH,
    **documents.operation(
        "list_price_book_entries",
        "A page of a price book's entries",
        parameters=[
            documents.path_id("price_book_id"),
            documents.query_parameter("limit", "integer", "1 to 1000", minimum=1, maximum=1000),
            documents.query_parameter("cursor", "string", "The next_cursor of the page before."),
            documents.query_parameter("product_id", "string", "Of one product.", format="uuid"),
        ],
        response_model=EntryPage,
        responses=documents.problems(404),
    ),
)
async def list_price_book_entries(request: Request) -> Response:
    call = await begin(request, "price-books:read")
    return await entries.list_entries(call, id_in_path(request.path_params["price_book_id"]))


@router.put(
    PATH,
    **documents.operation(
        "put_price_book_entries",
        "All entries of a price book: what is left out goes",
        parameters=PARAMETERS,
        body=EntriesPut,
        response_model=EntriesWritten,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)
async def put_price_book_entries(request: Request) -> Response:
    return await _write(request, EntriesPut, entries.put_entries)


@router.patch(
    PATH,
    **documents.operation(
        "patch_price_book_entries",
        "Set some entries of a price book and take others away",
        parameters=PARAMETERS,
        body=EntriesPatch,
        response_model=EntriesWritten,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)
async def patch_price_book_entries(request: Request) -> Response:
    return await _write(request, EntriesPatch, entries.patch_entries)


async def _write(request: Request, model: type[Model], work: Work[Model]) -> Response:
    call = await begin(request, "price-books:update")
    price_book_id = id_in_path(request.path_params["price_book_id"])
    version, raw = writes.wanted_version(call), await call.body(limit=MOST_BYTES)
    data = writes.parse(model, raw)

    async def write(connection: Connection) -> Answer:
        done = await work(call, connection, price_book_id, data, version)
        return Answer(200, orjson.dumps(done), {"etag": writes.etag_of(done)})

    return await answer_once(call, write, fingerprint_of=raw)

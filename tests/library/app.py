"""The library over HTTP: what every service has, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, records, text, writes
from guanxi_shared import resources as r
from guanxi_shared.app import create_app
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.edge import Edge, hot
from guanxi_shared.identifiers import id_in_path, new_id
from guanxi_shared.money import Money
from guanxi_shared.records import State
from guanxi_shared.resources import Resource, fields_of
from guanxi_shared.settings import ServiceSettings, common
from tests.library.tables import BOOK_SEARCH, BOOKS, METADATA, SERVICE

_fields = fields_of(BOOKS, money=("price",))
_fields["copies"] = replace(_fields["copies"], key="shelf")
_fields["custom"] = replace(_fields["custom"], kind=r.OBJECT)


class BookFields(BaseModel):
    model_config = ConfigDict(extra="forbid")

    subtitle: str | None = None
    isbn: str | None = None
    pages: int | None = None
    weight: Decimal | None = None
    rating: float | None = None
    price: Money | None = None
    is_lent: bool | None = None
    printed_on: date | None = None
    due_at: datetime | None = None
    author_id: UUID | None = None
    tags: list[str] = Field(default_factory=list)
    reader_ids: list[UUID] = Field(default_factory=list)
    copies: list[dict[str, Any]] = Field(default_factory=list)
    custom: dict[str, Any] = Field(default_factory=dict)
    owner_id: UUID | None = None
    team_id: UUID | None = None


class BookCreate(BookFields):
    id: UUID | None = None
    title: str


class BookUpdate(BookFields):
    title: str = ""


class BookRead(BookFields):
    id: UUID
    title: str
    version: int
    created_at: datetime
    updated_at: datetime


BOOK = Resource(
    name="books", noun="book", service=SERVICE, table=BOOKS, fields=_fields,
    search=BOOK_SEARCH, has_documents=True, model=BookRead,
)  # fmt: skip


def stored(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Columns from the fields of a body; the price is two of them."""
    columns = {name: value for name, value in sent.items() if name != "price"}
    if "price" in sent:
        price = sent["price"] or {"amount": None, "currency": None}
        amount = price["amount"]
        columns["price_amount"] = None if amount is None else Decimal(amount)
        columns["price_currency"] = price["currency"]
    return columns


def found_by(columns: Mapping[str, Any]) -> dict[str, Any]:
    names = (columns["title"], columns.get("subtitle"))
    return {
        "search_text": text.search_text(*names),
        "search_grams": text.search_grams(*names),
        "search_digits": text.search_digits([columns.get("isbn")]),
    }


async def create_book(call: Call, connection: Connection, data: BookCreate) -> State:
    columns = {
        "organisation_id": call.organisation, "id": new_id(), "owner_id": call.by.user_id,
        "tags": [], "reader_ids": [], "copies": [],
        **stored(data.model_dump(exclude_unset=True, exclude_none=True)),
    }  # fmt: skip
    columns["custom"] = await call.house.custom_fields.checked(call.organisation, BOOK, data.custom)
    return await records.insert_record(
        connection, BOOK, columns | found_by(columns), actor=call.actor
    )


async def update_book(
    call: Call, connection: Connection, book_id: UUID, data: BookUpdate, version: int | None
) -> State:
    scope = await call.scope(BOOK.name)
    loaded = await records.load_record(connection, BOOK, book_id, scope=scope)
    await writes.check_version(connection, BOOK, loaded, version)
    changes = stored(data.model_dump(exclude_unset=True))
    if "custom" in changes:
        custom = {**loaded.row["custom"], **changes["custom"]}
        changes["custom"] = await call.house.custom_fields.checked(call.organisation, BOOK, custom)
    changes |= found_by({**loaded.row, **changes})
    return await records.update_record(connection, BOOK, loaded, changes, actor=call.actor)


async def delete_book(
    call: Call, connection: Connection, book_id: UUID, version: int | None
) -> State:
    scope = await call.scope(BOOK.name)
    loaded = await records.load_record(connection, BOOK, book_id, scope=scope)
    await writes.check_version(connection, BOOK, loaded, version)
    return await records.delete_record(connection, BOOK, loaded, actor=call.actor)


async def restore_book(call: Call, connection: Connection, book_id: UUID) -> State:
    scope = await call.scope(BOOK.name)
    loaded = await records.load_record(connection, BOOK, book_id, scope=scope, deleted=True)
    return await records.restore_record(connection, BOOK, loaded, actor=call.actor)


async def find_books(call: Call, connection: Connection, field: str, value: str) -> list[UUID]:
    column = {"id": "id::text", "isbn": "isbn", "title": "title"}[field]
    rows = await connection.fetch(
        f"SELECT id FROM books WHERE {column} = $1 AND deleted_at IS NULL LIMIT 5", value
    )
    return [row["id"] for row in rows]


router = APIRouter(tags=["books"])
PATH = "/v1/books"
ONE = PATH + "/{book_id}"
VERBS = Verbs(BookCreate, BookUpdate, create_book, update_book, delete_book, find_books)


@router.get(ONE, **documents.gets(BOOK))
@hot
async def get_book(request: Request) -> Response:
    call = await begin(request, "books:read")
    moment = history.as_of_instant(call)
    if moment is not None:
        return await history.get_as_of(call, BOOK, request.path_params["book_id"], moment)
    return await reads.get_record(call, BOOK, request.path_params["book_id"])


@router.get(PATH, **documents.lists(BOOK))
@hot
async def list_books(request: Request) -> Response:
    return await reads.list_records(await begin(request, "books:read"), BOOK)


@router.post(PATH + "/search", **documents.searches(BOOK))
@hot
async def search_books(request: Request) -> Response:
    return await reads.search_records(await begin(request, "books:read"), BOOK)


@router.post(PATH, **documents.creates(BOOK, BookCreate))
@hot
async def post_book(request: Request) -> Response:
    call = await begin(request, "books:create")
    return await writes.create(call, BOOK, BookCreate, create_book, path=PATH)


@router.patch(ONE, **documents.updates(BOOK, BookUpdate))
@hot
async def patch_book(request: Request) -> Response:
    call = await begin(request, "books:update")
    book_id, version = id_in_path(request.path_params["book_id"]), writes.wanted_version(call)
    return await writes.update(
        call, BookUpdate, lambda conn, data: update_book(call, conn, book_id, data, version)
    )


@router.delete(ONE, **documents.acts(BOOK, "delete", "Delete softly", takes_key=False))
async def remove_book(request: Request) -> Response:
    call = await begin(request, "books:delete")
    book_id, version = id_in_path(request.path_params["book_id"]), writes.wanted_version(call)
    return await writes.act(call, lambda conn: delete_book(call, conn, book_id, version))


@router.post(ONE + "/restore", **documents.acts(BOOK, "restore", "Bring back"))
async def bring_back_book(request: Request) -> Response:
    call = await begin(request, "books:delete")
    book_id = id_in_path(request.path_params["book_id"])
    return await writes.act(call, lambda conn: restore_book(call, conn, book_id))


@router.get(ONE + "/history", **documents.histories(BOOK))
async def get_book_history(request: Request) -> Response:
    call = await begin(request, "books:read")
    return await history.get_history(call, BOOK, request.path_params["book_id"])


@router.post(PATH + "/batch", **documents.batches(BOOK, BatchRequest, BatchAnswer))
async def batch_books(request: Request) -> Response:
    return await run_batch(await begin(request, None), BOOK, VERBS)


def create(**more: Any) -> Edge:
    """From LIBRARY_… and GUANXI_…, like any service."""
    return create_app(
        name=SERVICE, title="A library", settings=ServiceSettings(_env_prefix="LIBRARY_"),
        common=common(), metadata=METADATA, resources=[BOOK], routers=[router], **more,
    )  # fmt: skip

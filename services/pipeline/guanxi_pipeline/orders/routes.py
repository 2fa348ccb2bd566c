"""Orders over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.orders import service
from guanxi_pipeline.orders.resources import ORDERS
from guanxi_pipeline.orders.returning import list_returns, return_order
from guanxi_pipeline.orders.schemas import (
    Cancel,
    Fulfil,
    OrderCreate,
    OrderReturns,
    OrderUpdate,
    Place,
    Return,
)
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.edge import hot
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import State

router = APIRouter(tags=["orders"])
PATH = "/v1/orders"
ONE = PATH + "/{order_id}"
Verb = Callable[[Call, Connection, UUID, Any, int | None], Awaitable[State]]


@router.get(ONE, **documents.gets(ORDERS))
@hot
async def get_order(request: Request) -> Response:
    call = await begin(request, "orders:read")
    order_id = request.path_params["order_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, ORDERS, order_id, moment)
    return await reads.get_record(call, ORDERS, order_id)


@router.get(PATH, **documents.lists(ORDERS))
@hot
async def list_orders(request: Request) -> Response:
    return await reads.list_records(await begin(request, "orders:read"), ORDERS)


@router.post(PATH + "/search", **documents.searches(ORDERS))
@hot
async def search_orders(request: Request) -> Response:
    return await reads.search_records(await begin(request, "orders:read"), ORDERS)


@router.post(PATH, **documents.creates(ORDERS, OrderCreate))
@hot
async def create_order(request: Request) -> Response:
    call = await begin(request, "orders:create")
    return await writes.create(call, ORDERS, OrderCreate, service.create_order, path=PATH)


@router.patch(ONE, **documents.updates(ORDERS, OrderUpdate))
@hot
async def update_order(request: Request) -> Response:
    call = await begin(request, "orders:update")
    order_id = id_in_path(request.path_params["order_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        OrderUpdate,
        lambda connection, data: service.update_order(call, connection, order_id, data, version),
    )


@router.delete(ONE, **documents.acts(ORDERS, "delete", "Delete an order", takes_key=False))
async def delete_order(request: Request) -> Response:
    call = await begin(request, "orders:delete")
    order_id = id_in_path(request.path_params["order_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_order(call, connection, order_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(ORDERS, "restore", "Bring an order back"))
async def restore_order(request: Request) -> Response:
    call = await begin(request, "orders:delete")
    order_id = id_in_path(request.path_params["order_id"])
    return await writes.act(
        call, lambda connection: service.restore_order(call, connection, order_id)
    )


def _verb(name: str, summary: str, body: type[BaseModel] | None) -> dict[str, Any]:
    return documents.operation(
        f"{name}_order",
        summary,
        parameters=[
            documents.path_id("order_id"), documents.IDEMPOTENCY_KEY, documents.IF_MATCH,
        ],
        body=body,
        response_model=ORDERS.model,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    )  # fmt: skip


async def _acted(request: Request, model: type[BaseModel], verb: Verb) -> Response:
    """A verb with a body; an empty one is that of all defaults."""
    call = await begin(request, "orders:update")
    order_id = id_in_path(request.path_params["order_id"])
    version, raw = writes.wanted_version(call), await call.body()
    data = writes.parse(model, raw or b"{}")
    return await writes.act(
        call, lambda connection: verb(call, connection, order_id, data, version), raw=raw
    )


@router.post(ONE + "/place", **_verb("place", "Place a draft: from now on it counts", Place))
async def place_order(request: Request) -> Response:
    return await _acted(request, Place, service.place)


@router.post(ONE + "/confirm", **_verb("confirm", "Confirm an order that was placed", None))
async def confirm_order(request: Request) -> Response:
    call = await begin(request, "orders:update")
    order_id = id_in_path(request.path_params["order_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.confirm(call, connection, order_id, version)
    )


@router.post(
    ONE + "/fulfil",
    **_verb("fulfil", "Fulfil quantities of lines, or all that is left: never more", Fulfil),
)
async def fulfil_order(request: Request) -> Response:
    return await _acted(request, Fulfil, service.fulfil)


@router.post(
    ONE + "/cancel", **_verb("cancel", "Cancel an order of which nothing was fulfilled", Cancel)
)
async def cancel_order(request: Request) -> Response:
    return await _acted(request, Cancel, service.cancel)


@router.post(
    ONE + "/returns",
    **_verb("return", "Take quantities back or pay back: a purchase less on its day", Return),
)
async def create_order_return(request: Request) -> Response:
    return await _acted(request, Return, return_order)


@router.get(
    ONE + "/returns",
    **documents.operation(
        "list_order_returns",
        "What came back of an order and what was paid back, with the reasons",
        parameters=[documents.path_id("order_id")],
        response_model=OrderReturns,
        responses=documents.problems(404),
    ),
)
async def list_order_returns(request: Request) -> Response:
    call = await begin(request, "orders:read")
    found = await list_returns(call, id_in_path(request.path_params["order_id"]))
    body = orjson.dumps(found, option=orjson.OPT_UTC_Z)
    return Response(body, media_type="application/json")


@router.get(ONE + "/history", **documents.histories(ORDERS))
async def get_order_history(request: Request) -> Response:
    call = await begin(request, "orders:read")
    return await history.get_history(call, ORDERS, request.path_params["order_id"])


VERBS = Verbs(
    create_model=OrderCreate,
    update_model=OrderUpdate,
    create=service.create_order,
    update=service.update_order,
    delete=service.delete_order,
    find=service.find_orders,
)


@router.post(PATH + "/batch", **documents.batches(ORDERS, BatchRequest, BatchAnswer))
async def batch_orders(request: Request) -> Response:
    return await run_batch(await begin(request, None), ORDERS, VERBS)

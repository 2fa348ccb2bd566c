"""What was sent to an endpoint, over HTTP: the log, and sending again."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_gateway.identity.presence import demand_no_parameters
from guanxi_gateway.webhooks import deliveries
from guanxi_gateway.webhooks.resources import DELIVERIES
from guanxi_gateway.webhooks.schemas import DeliveryRead, DeliveryWhole, Recovered, Recovery
from guanxi_gateway.webhooks.service import load_webhook
from guanxi_shared import documents, pages, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.filters import Condition
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["webhooks"])
WEBHOOK = "/v1/webhooks/{webhook_id}"
ALL = WEBHOOK + "/deliveries"
ONE = ALL + "/{delivery_id}"
OF_WEBHOOK = documents.path_id("webhook_id")
OF_DELIVERY = documents.path_id("delivery_id")
ACTS = documents.problems(404, 409, 413, 415, 422)


@router.get(
    ALL,
    **documents.operation(
        "list_webhook_deliveries",
        "What was sent to an endpoint or waits, newest first",
        parameters=[OF_WEBHOOK, *documents.list_parameters(DELIVERIES)],
        response_model=documents.page_model(DELIVERIES),
        responses=documents.problems(404),
    ),
)
async def list_webhook_deliveries(request: Request) -> Response:
    call, webhook_id = await _begin(request, "webhooks:read")
    async with call.db.transaction(call.organisation) as connection:
        await load_webhook(call, connection, webhook_id, to_write=False)
    raw: bytes = request.scope["query_string"]
    query = pages.from_query_string(raw, DELIVERIES, DELIVERIES.fields, call.clock)
    own = Condition(DELIVERIES.fields["webhook_id"], "eq", webhook_id, str(webhook_id))
    return await reads.answer_list(call, DELIVERIES, replace(query, within=(own,)))


@router.get(
    ONE,
    **documents.operation(
        "get_webhook_delivery",
        "One delivery with its attempts",
        parameters=[OF_WEBHOOK, OF_DELIVERY],
        response_model=DeliveryWhole,
        responses=documents.problems(404),
    ),
)
async def get_webhook_delivery(request: Request) -> Response:
    call, webhook_id = await _begin(request, "webhooks:read")
    demand_no_parameters(call)
    delivery_id = id_in_path(request.path_params["delivery_id"])
    return _json(await deliveries.read_delivery(call, webhook_id, delivery_id))


@router.post(
    ONE + "/resend",
    **documents.operation(
        "resend_webhook_delivery",
        "Send one event again, under the same id",
        parameters=[OF_WEBHOOK, OF_DELIVERY, documents.IDEMPOTENCY_KEY],
        response_model=DeliveryRead,
        status_code=202,
        responses=ACTS,
    ),
)
async def resend_webhook_delivery(request: Request) -> Response:
    call, webhook_id = await _begin(request, "webhooks:update")
    delivery_id = id_in_path(request.path_params["delivery_id"])
    return await _act(
        call,
        await call.body(),
        lambda connection: deliveries.resend_delivery(call, connection, webhook_id, delivery_id),
    )


@router.post(
    WEBHOOK + "/recover",
    **documents.operation(
        "recover_webhook",
        "Send everything since a moment that was not delivered",
        parameters=[OF_WEBHOOK, documents.IDEMPOTENCY_KEY],
        body=Recovery,
        response_model=Recovered,
        status_code=202,
        responses=ACTS,
    ),
)
async def recover_webhook(request: Request) -> Response:
    call, webhook_id = await _begin(request, "webhooks:update")
    raw = await call.body()
    data = writes.parse(Recovery, raw)

    async def work(connection: Connection) -> dict[str, Any]:
        return {"count": await deliveries.recover_deliveries(call, connection, webhook_id, data)}

    return await _act(call, raw, work)


@router.post(
    WEBHOOK + "/test",
    **documents.operation(
        "test_webhook",
        "Send an event of the type gateway.webhook.tested",
        parameters=[OF_WEBHOOK, documents.IDEMPOTENCY_KEY],
        response_model=DeliveryRead,
        status_code=202,
        responses=ACTS,
    ),
)
async def test_webhook(request: Request) -> Response:
    call, webhook_id = await _begin(request, "webhooks:update")
    return await _act(
        call,
        await call.body(),
        lambda connection: deliveries.send_test(call, connection, webhook_id),
    )


async def _begin(request: Request, permission: str) -> tuple[Call, UUID]:
    call = await begin(request, permission)
    return call, id_in_path(request.path_params["webhook_id"])


async def _act(
    call: Call, raw: bytes, work: Callable[[Connection], Awaitable[dict[str, Any]]]
) -> Response:
    async def write(connection: Connection) -> Answer:
        return Answer(202, _bytes(await work(connection)), {})

    return await answer_once(call, write, fingerprint_of=raw)


def _json(found: dict[str, Any]) -> Response:
    return Response(_bytes(found), media_type="application/json")


def _bytes(found: dict[str, Any]) -> bytes:
    return orjson.dumps(found, option=orjson.OPT_UTC_Z)

"""Entitlements over HTTP."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import json_response
from guanxi_shared.records import state_bytes
from guanxi_tickets.entitlements import service
from guanxi_tickets.entitlements.reading import read_usage
from guanxi_tickets.entitlements.resources import ENTITLEMENTS
from guanxi_tickets.entitlements.schemas import (
    BookingPage,
    Contra,
    EntitlementCreate,
    EntitlementRead,
    EntitlementUpdate,
    Renewal,
    Usage,
)

router = APIRouter(tags=["entitlements"])
PATH = "/v1/entitlements"
ONE = PATH + "/{entitlement_id}"
ID = documents.path_id("entitlement_id")


@router.get(ONE, **documents.gets(ENTITLEMENTS))
async def get_entitlement(request: Request) -> Response:
    call = await begin(request, "entitlements:read")
    entitlement_id = request.path_params["entitlement_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, ENTITLEMENTS, entitlement_id, moment)
    return await reads.get_record(call, ENTITLEMENTS, entitlement_id)


@router.get(PATH, **documents.lists(ENTITLEMENTS))
async def list_entitlements(request: Request) -> Response:
    return await reads.list_records(await begin(request, "entitlements:read"), ENTITLEMENTS)


@router.post(PATH + "/search", **documents.searches(ENTITLEMENTS))
async def search_entitlements(request: Request) -> Response:
    return await reads.search_records(await begin(request, "entitlements:read"), ENTITLEMENTS)


@router.post(PATH, **documents.creates(ENTITLEMENTS, EntitlementCreate))
async def create_entitlement(request: Request) -> Response:
    call = await begin(request, "entitlements:create")
    return await writes.create(
        call, ENTITLEMENTS, EntitlementCreate, service.create_entitlement, path=PATH
    )


@router.patch(ONE, **documents.updates(ENTITLEMENTS, EntitlementUpdate))
async def update_entitlement(request: Request) -> Response:
    call = await begin(request, "entitlements:update")
    entitlement_id, version = _id(request), writes.wanted_version(call)
    return await writes.update(
        call,
        EntitlementUpdate,
        lambda connection, data: service.update_entitlement(
            call, connection, entitlement_id, data, version
        ),
    )


@router.delete(ONE, **documents.acts(ENTITLEMENTS, "delete", "Take away", takes_key=False))
async def delete_entitlement(request: Request) -> Response:
    call = await begin(request, "entitlements:delete")
    entitlement_id, version = _id(request), writes.wanted_version(call)
    return await writes.act(
        call,
        lambda connection: service.delete_entitlement(call, connection, entitlement_id, version),
    )


@router.post(ONE + "/restore", **documents.acts(ENTITLEMENTS, "restore", "Bring it back"))
async def restore_entitlement(request: Request) -> Response:
    call = await begin(request, "entitlements:delete")
    entitlement_id = _id(request)
    return await writes.act(
        call, lambda connection: service.restore_entitlement(call, connection, entitlement_id)
    )


@router.get(ONE + "/history", **documents.histories(ENTITLEMENTS))
async def get_entitlement_history(request: Request) -> Response:
    call = await begin(request, "entitlements:read")
    return await history.get_history(call, ENTITLEMENTS, request.path_params["entitlement_id"])


VERBS = Verbs(
    create_model=EntitlementCreate,
    update_model=EntitlementUpdate,
    create=service.create_entitlement,
    update=service.update_entitlement,
    delete=service.delete_entitlement,
    find=service.find_entitlements,
)


@router.post(PATH + "/batch", **documents.batches(ENTITLEMENTS, BatchRequest, BatchAnswer))
async def batch_entitlements(request: Request) -> Response:
    return await run_batch(await begin(request, None), ENTITLEMENTS, VERBS)


def _writes(
    verb: str, summary: str, body: type[BaseModel], *more: Mapping[str, Any]
) -> dict[str, Any]:
    return documents.operation(
        verb,
        summary,
        parameters=[ID, *more, documents.IF_MATCH, documents.IDEMPOTENCY_KEY],
        body=body,
        response_model=EntitlementRead,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    )


@router.get(
    ONE + "/usage",
    **documents.operation(
        "get_entitlement_usage",
        "What was used of it, line by line, the oldest first",
        parameters=[
            ID, documents.query_parameter("limit", "integer", "1 to 200", minimum=1, maximum=200),
            documents.query_parameter("cursor", "string", "The next_cursor of the page before."),
        ],
        response_model=BookingPage,
        responses=documents.problems(404),
    ),
)  # fmt: skip
async def get_entitlement_usage(request: Request) -> Response:
    call = await begin(request, "entitlements:read")
    return json_response(await read_usage(call, _id(request)))


@router.post(ONE + "/usage", **_writes("use_entitlement", "Book what was used, by hand", Usage))
async def use_entitlement(request: Request) -> Response:
    call = await begin(request, "entitlements:update")
    version, raw, entitlement_id = writes.wanted_version(call), await call.body(), _id(request)
    data = writes.parse(Usage, raw)
    return await writes.act(
        call,
        lambda connection: service.use_entitlement(call, connection, entitlement_id, data, version),
        raw=raw,
    )


@router.post(
    ONE + "/usage/{booking_id}/reverse",
    **_writes(
        "reverse_booking", "Take a booking back by a contra entry", Contra,
        documents.path_id("booking_id"),
    ),
)  # fmt: skip
async def reverse_booking(request: Request) -> Response:
    call = await begin(request, "entitlements:update")
    version, raw = writes.wanted_version(call), await call.body()
    place = (_id(request), id_in_path(request.path_params["booking_id"]))
    data = writes.parse(Contra, raw)
    return await writes.act(
        call,
        lambda connection: service.reverse_booking(call, connection, place, data, version),
        raw=raw,
    )


@router.post(
    ONE + "/renew",
    **documents.operation(
        "renew_entitlement",
        "Make the next term, linked to this one",
        parameters=[ID, documents.IF_MATCH, documents.IDEMPOTENCY_KEY],
        body=Renewal,
        response_model=EntitlementRead,
        status_code=201,
        responses={
            201: {"description": "Renewed"}, **documents.problems(404, 409, 412, 413, 415, 422),
        },
    ),
)  # fmt: skip
async def renew_entitlement(request: Request) -> Response:
    call = await begin(request, "entitlements:update")
    call.by.demand("entitlements:create")
    version, raw, entitlement_id = writes.wanted_version(call), await call.body(), _id(request)
    data = writes.parse(Renewal, raw)

    async def write(connection: Connection) -> Answer:
        state = await service.renew_entitlement(call, connection, entitlement_id, data, version)
        headers = {"etag": writes.etag_of(state), "location": f"{PATH}/{state['id']}"}
        return Answer(201, state_bytes(state), headers)

    return await answer_once(call, write, fingerprint_of=raw)


def _id(request: Request) -> UUID:
    return id_in_path(request.path_params["entitlement_id"])

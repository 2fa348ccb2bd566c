"""Macros over HTTP, and on a ticket."""

from uuid import UUID

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import state_bytes
from guanxi_tickets.macros import applying, service
from guanxi_tickets.macros.resources import MACROS
from guanxi_tickets.macros.schemas import MacroApplied, MacroCreate, MacroPreview, MacroUpdate

router = APIRouter(tags=["macros"])
PATH = "/v1/macros"
ONE = PATH + "/{macro_id}"
ON_TICKET = "/v1/tickets/{ticket_id}/macros/{macro_id}"
PLACE = [documents.path_id("ticket_id"), documents.path_id("macro_id")]


@router.get(ONE, **documents.gets(MACROS))
async def get_macro(request: Request) -> Response:
    call = await begin(request, "macros:read")
    macro_id = request.path_params["macro_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, MACROS, macro_id, moment)
    return await reads.get_record(call, MACROS, macro_id)


@router.get(PATH, **documents.lists(MACROS))
async def list_macros(request: Request) -> Response:
    return await reads.list_records(await begin(request, "macros:read"), MACROS)


@router.post(PATH + "/search", **documents.searches(MACROS))
async def search_macros(request: Request) -> Response:
    return await reads.search_records(await begin(request, "macros:read"), MACROS)


@router.post(PATH, **documents.creates(MACROS, MacroCreate))
async def create_macro(request: Request) -> Response:
    call = await begin(request, "macros:create")
    return await writes.create(call, MACROS, MacroCreate, service.create_macro, path=PATH)


@router.patch(ONE, **documents.updates(MACROS, MacroUpdate))
async def update_macro(request: Request) -> Response:
    call = await begin(request, "macros:update")
    macro_id, version = id_in_path(request.path_params["macro_id"]), writes.wanted_version(call)
    return await writes.update(
        call,
        MacroUpdate,
        lambda connection, data: service.update_macro(call, connection, macro_id, data, version),
    )


@router.delete(ONE, **documents.acts(MACROS, "delete", "Give a macro up", takes_key=False))
async def delete_macro(request: Request) -> Response:
    call = await begin(request, "macros:delete")
    macro_id, version = id_in_path(request.path_params["macro_id"]), writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_macro(call, connection, macro_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(MACROS, "restore", "Bring a macro back"))
async def restore_macro(request: Request) -> Response:
    call = await begin(request, "macros:delete")
    macro_id = id_in_path(request.path_params["macro_id"])
    return await writes.act(
        call, lambda connection: service.restore_macro(call, connection, macro_id)
    )


@router.get(ONE + "/history", **documents.histories(MACROS))
async def get_macro_history(request: Request) -> Response:
    call = await begin(request, "macros:read")
    return await history.get_history(call, MACROS, request.path_params["macro_id"])


VERBS = Verbs(
    create_model=MacroCreate,
    update_model=MacroUpdate,
    create=service.create_macro,
    update=service.update_macro,
    delete=service.delete_macro,
    find=service.find_macros,
)


@router.post(PATH + "/batch", **documents.batches(MACROS, BatchRequest, BatchAnswer))
async def batch_macros(request: Request) -> Response:
    return await run_batch(await begin(request, None), MACROS, VERBS)


@router.post(
    ON_TICKET + "/preview",
    **documents.operation(
        "preview_macro",
        "What a macro would do to a ticket, without doing it",
        parameters=PLACE,
        response_model=MacroPreview,
        responses=documents.problems(404, 409, 413, 415, 422),
    ),
)
async def preview_macro(request: Request) -> Response:
    call, place = await _on_ticket(request)
    found = await applying.preview_macro(call, place)
    return Response(orjson.dumps(found), media_type="application/json")


@router.post(
    ON_TICKET + "/apply",
    **documents.operation(
        "apply_macro",
        "Apply a macro to a ticket, whole or not at all",
        parameters=[*PLACE, documents.IDEMPOTENCY_KEY, documents.IF_MATCH],
        response_model=MacroApplied,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)
async def apply_macro(request: Request) -> Response:
    call, place = await _on_ticket(request)
    version = writes.wanted_version(call)

    async def work(connection: Connection) -> Answer:
        done = await applying.apply_macro(call, connection, place, version)
        return Answer(200, state_bytes(done), {"etag": writes.etag_of(done["ticket"])})

    return await answer_once(call, work, fingerprint_of=await call.body())


async def _on_ticket(request: Request) -> tuple[Call, tuple[UUID, UUID]]:
    """The call, and the ids of the ticket and the macro. What is said in it takes what replies take."""
    call = await begin(request, "tickets:update")
    call.by.demand("tickets:create")
    call.by.demand(MACROS.permission("read"))
    parts = request.path_params
    return call, (id_in_path(parts["ticket_id"]), id_in_path(parts["macro_id"]))

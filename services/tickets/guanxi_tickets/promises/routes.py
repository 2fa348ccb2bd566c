"""Promises over HTTP."""

from functools import partial
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, writes
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import json_response
from guanxi_shared.records import State, state_bytes
from guanxi_tickets.promises import service
from guanxi_tickets.promises.schemas import PromiseCreate, PromiseMade, Promises, Withdrawal

router = APIRouter(tags=["service levels"])
PATH = "/v1/tickets/{ticket_id}/promises"
ONE = PATH + "/{promise_id}"
TICKET = documents.path_id("ticket_id")
PLACE = [TICKET, documents.path_id("promise_id")]


@router.get(
    PATH,
    **documents.operation(
        "list_ticket_promises",
        "What was promised by hand, the oldest first, each with its clock",
        parameters=[TICKET],
        response_model=Promises,
        responses=documents.problems(404),
    ),
)
async def list_ticket_promises(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    found = await service.list_promises(call, id_in_path(request.path_params["ticket_id"]))
    return json_response({"data": found})


@router.post(
    PATH,
    **documents.operation(
        "make_ticket_promise",
        "Say until when something is done about the ticket",
        parameters=[TICKET, documents.IDEMPOTENCY_KEY],
        body=PromiseCreate,
        response_model=PromiseMade,
        status_code=201,
        responses={201: {"description": "Made"}, **documents.problems(404, 409, 413, 415, 422)},
    ),
)
async def make_ticket_promise(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    ticket_id, raw = id_in_path(request.path_params["ticket_id"]), await call.body()
    data = writes.parse(PromiseCreate, raw)

    async def write(connection: Connection) -> Answer:
        state = await service.make_promise(call, connection, ticket_id, data)
        return Answer(201, state_bytes(state), {"etag": writes.etag_of(state)})

    return await answer_once(call, write, fingerprint_of=raw)


@router.post(
    ONE + "/keep",
    **documents.operation(
        "keep_ticket_promise",
        "Say that it was done",
        parameters=[*PLACE, documents.IF_MATCH, documents.IDEMPOTENCY_KEY],
        response_model=PromiseMade,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)
async def keep_ticket_promise(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    version = writes.wanted_version(call)
    end = partial(service.end_promise, call, place=_place(request), outcome="kept", version=version)
    return await writes.act(call, lambda connection: end(connection=connection))


@router.post(
    ONE + "/withdraw",
    **documents.operation(
        "withdraw_ticket_promise",
        "Take it back, with the reason",
        parameters=[*PLACE, documents.IF_MATCH, documents.IDEMPOTENCY_KEY],
        body=Withdrawal,
        response_model=PromiseMade,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)
async def withdraw_ticket_promise(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    version, raw = writes.wanted_version(call), await call.body()
    data, place = writes.parse(Withdrawal, raw), _place(request)

    async def withdraw(connection: Connection) -> State:
        return await service.end_promise(
            call, connection, place, "withdrawn", version, reason=data.reason
        )

    return await writes.act(call, withdraw, raw=raw)


def _place(request: Request) -> tuple[UUID, UUID]:
    """The ids of the ticket and the promise."""
    parts = request.path_params
    return id_in_path(parts["ticket_id"]), id_in_path(parts["promise_id"])

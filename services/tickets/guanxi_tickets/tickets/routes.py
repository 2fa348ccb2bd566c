"""Tickets over HTTP."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.edge import hot
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.survivors import MOVED, get_or_redirect
from guanxi_tickets.tickets import service
from guanxi_tickets.tickets.linking import read_links
from guanxi_tickets.tickets.moving import move_ticket as move
from guanxi_tickets.tickets.resources import TICKETS
from guanxi_tickets.tickets.schemas import Links, Move, TicketCreate, TicketUpdate

router = APIRouter(tags=["tickets"])
PATH = "/v1/tickets"
ONE = PATH + "/{ticket_id}"


@router.get(ONE, **documents.gets(TICKETS, also=MOVED))
@hot
async def get_ticket(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    ticket_id = request.path_params["ticket_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, TICKETS, ticket_id, moment)
    return await get_or_redirect(call, TICKETS, ticket_id)


@router.get(PATH, **documents.lists(TICKETS))
@hot
async def list_tickets(request: Request) -> Response:
    return await reads.list_records(await begin(request, "tickets:read"), TICKETS)


@router.post(PATH + "/search", **documents.searches(TICKETS))
@hot
async def search_tickets(request: Request) -> Response:
    return await reads.search_records(await begin(request, "tickets:read"), TICKETS)


@router.post(PATH, **documents.creates(TICKETS, TicketCreate))
@hot
async def create_ticket(request: Request) -> Response:
    call = await begin(request, "tickets:create")
    return await writes.create(call, TICKETS, TicketCreate, service.create_ticket, path=PATH)


@router.patch(ONE, **documents.updates(TICKETS, TicketUpdate))
@hot
async def update_ticket(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    ticket_id = id_in_path(request.path_params["ticket_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        TicketUpdate,
        lambda connection, data: service.update_ticket(call, connection, ticket_id, data, version),
    )


@router.delete(ONE, **documents.acts(TICKETS, "delete", "Delete a ticket", takes_key=False))
async def delete_ticket(request: Request) -> Response:
    call = await begin(request, "tickets:delete")
    ticket_id = id_in_path(request.path_params["ticket_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_ticket(call, connection, ticket_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(TICKETS, "restore", "Bring a ticket back"))
async def restore_ticket(request: Request) -> Response:
    call = await begin(request, "tickets:delete")
    ticket_id = id_in_path(request.path_params["ticket_id"])
    return await writes.act(
        call, lambda connection: service.restore_ticket(call, connection, ticket_id)
    )


@router.post(
    ONE + "/move",
    **documents.operation(
        "move_ticket",
        "Move a ticket to another state, as the organisation's states allow",
        parameters=[
            documents.path_id("ticket_id"), documents.IDEMPOTENCY_KEY, documents.IF_MATCH,
        ],
        body=Move,
        response_model=TICKETS.model,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)  # fmt: skip
async def move_ticket(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    ticket_id = id_in_path(request.path_params["ticket_id"])
    version, raw = writes.wanted_version(call), await call.body()
    data = writes.parse(Move, raw)
    return await writes.act(
        call, lambda connection: move(call, connection, ticket_id, data, version), raw=raw
    )


@router.get(
    ONE + "/links",
    **documents.operation(
        "get_ticket_links",
        "The tickets that one is linked with: parent and children, duplicates, related ones",
        parameters=[documents.path_id("ticket_id")],
        response_model=Links,
        responses=documents.problems(404),
    ),
)
async def get_ticket_links(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    found = await read_links(call, id_in_path(request.path_params["ticket_id"]))
    return Response(orjson.dumps(found), media_type="application/json")


@router.get(ONE + "/history", **documents.histories(TICKETS))
async def get_ticket_history(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    return await history.get_history(call, TICKETS, request.path_params["ticket_id"])


VERBS = Verbs(
    create_model=TicketCreate,
    update_model=TicketUpdate,
    create=service.create_ticket,
    update=service.update_ticket,
    delete=service.delete_ticket,
    find=service.find_tickets,
)


@router.post(PATH + "/batch", **documents.batches(TICKETS, BatchRequest, BatchAnswer))
async def batch_tickets(request: Request) -> Response:
    return await run_batch(await begin(request, None), TICKETS, VERBS)

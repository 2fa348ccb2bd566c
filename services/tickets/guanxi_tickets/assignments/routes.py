"""Claims over HTTP, and why a ticket is whose it is."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, writes
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import json_response
from guanxi_tickets.assignments.claiming import claim_next, claim_ticket
from guanxi_tickets.assignments.reading import list_assignments
from guanxi_tickets.assignments.schemas import Assignments
from guanxi_tickets.tickets.resources import TICKETS

router = APIRouter(tags=["queues"])
OF_TICKET = "/v1/tickets/{ticket_id}"


@router.post(
    "/v1/queues/{queue_id}/claim",
    **documents.operation(
        "claim_next_ticket",
        "Take the most pressing ticket that waits in a queue; 404 nothing_waits when none does",
        parameters=[documents.path_id("queue_id"), documents.IDEMPOTENCY_KEY],
        response_model=TICKETS.model,
        responses=documents.problems(404, 409, 413, 415, 422),
    ),
)
async def claim_next_ticket(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    queue_id = id_in_path(request.path_params["queue_id"])
    return await writes.act(call, lambda connection: claim_next(call, connection, queue_id))


@router.post(
    OF_TICKET + "/claim",
    **documents.operation(
        "claim_ticket",
        "Take a ticket that nobody has",
        parameters=[
            documents.path_id("ticket_id"), documents.IDEMPOTENCY_KEY, documents.IF_MATCH,
        ],
        response_model=TICKETS.model,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)  # fmt: skip
async def claim_one_ticket(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    ticket_id = id_in_path(request.path_params["ticket_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: claim_ticket(call, connection, ticket_id, version)
    )


@router.get(
    OF_TICKET + "/assignments",
    **documents.operation(
        "list_ticket_assignments",
        "To whom queues brought a ticket, and why, the latest first",
        parameters=[documents.path_id("ticket_id")],
        response_model=Assignments,
        responses=documents.problems(404),
    ),
)
async def list_ticket_assignments(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    found = await list_assignments(call, id_in_path(request.path_params["ticket_id"]))
    return json_response({"data": found})

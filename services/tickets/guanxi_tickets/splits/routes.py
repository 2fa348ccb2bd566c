"""Splitting a ticket over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, writes
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import state_bytes
from guanxi_tickets.splits.schemas import Split
from guanxi_tickets.splits.service import split_ticket as split
from guanxi_tickets.tickets.resources import TICKETS

router = APIRouter(tags=["tickets"])


@router.post(
    "/v1/tickets/{ticket_id}/split",
    **documents.operation(
        "split_ticket",
        "Move some of what was said on a ticket to a new one",
        parameters=[
            documents.path_id("ticket_id"), documents.IDEMPOTENCY_KEY, documents.IF_MATCH,
        ],
        body=Split,
        response_model=TICKETS.model,
        status_code=201,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)  # fmt: skip
async def split_ticket(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    call.by.demand("tickets:create")
    ticket_id = id_in_path(request.path_params["ticket_id"])
    version, raw = writes.wanted_version(call), await call.body()
    data = writes.parse(Split, raw)

    async def work(connection: Connection) -> Answer:
        state = await split(call, connection, ticket_id, data, version)
        headers = {"etag": writes.etag_of(state), "location": f"/v1/tickets/{state['id']}"}
        return Answer(201, state_bytes(state), headers)

    return await answer_once(call, work, fingerprint_of=raw)

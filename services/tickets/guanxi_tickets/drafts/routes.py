"""One's own draft on a ticket over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, writes
from guanxi_shared.calls import begin
from guanxi_shared.idempotency import answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import state_bytes
from guanxi_tickets.comments.schemas import CommentRead
from guanxi_tickets.drafts import service
from guanxi_tickets.drafts.schemas import DraftPut, DraftRead, DraftSend

router = APIRouter(tags=["comments"])
PATH = "/v1/tickets/{ticket_id}/draft"
TICKET = documents.path_id("ticket_id")


@router.get(
    PATH,
    **documents.operation(
        "get_ticket_draft",
        "What one has begun to write on a ticket; others' drafts are nobody else's",
        parameters=[TICKET],
        response_model=DraftRead,
        responses=documents.problems(404),
    ),
)
async def get_ticket_draft(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    state = await service.get_draft(call, id_in_path(request.path_params["ticket_id"]))
    headers = {"etag": writes.etag_of(state)}
    return Response(state_bytes(state), media_type="application/json", headers=headers)


@router.put(
    PATH,
    **documents.operation(
        "put_ticket_draft",
        "Keep what one has written so far, in the place of what was kept before",
        parameters=[TICKET, documents.IF_MATCH],
        body=DraftPut,
        response_model=DraftRead,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)
async def put_ticket_draft(request: Request) -> Response:
    call = await begin(request, "tickets:create")
    ticket_id = id_in_path(request.path_params["ticket_id"])
    version, raw = writes.wanted_version(call), await call.body()
    data = writes.parse(DraftPut, raw)
    return await writes.act(
        call,
        lambda connection: service.put_draft(call, connection, ticket_id, data, version),
        raw=raw,
    )


@router.delete(
    PATH,
    **documents.operation(
        "delete_ticket_draft",
        "Throw one's draft away",
        parameters=[TICKET, documents.IF_MATCH],
        response_model=DraftRead,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)
async def delete_ticket_draft(request: Request) -> Response:
    call = await begin(request, "tickets:create")
    ticket_id = id_in_path(request.path_params["ticket_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_draft(call, connection, ticket_id, version)
    )


@router.post(
    PATH + "/send",
    **documents.operation(
        "send_ticket_draft",
        "Reply, or write the note, with one's draft, which is gone then",
        parameters=[TICKET, documents.IDEMPOTENCY_KEY, documents.IF_MATCH],
        body=DraftSend,
        is_body_required=False,
        response_model=CommentRead,
        status_code=201,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)
async def send_ticket_draft(request: Request) -> Response:
    call = await begin(request, "tickets:create")
    ticket_id = id_in_path(request.path_params["ticket_id"])
    version, raw = writes.wanted_version(call), await call.body()
    data = writes.parse(DraftSend, raw or b"{}")
    return await answer_once(
        call,
        lambda connection: service.send_draft(call, connection, ticket_id, data, version),
        fingerprint_of=raw,
    )

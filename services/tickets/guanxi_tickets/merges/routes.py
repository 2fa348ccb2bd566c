"""Merges of tickets over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.errors import Malformed
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.pages import query_pairs
from guanxi_shared.records import state_bytes
from guanxi_tickets.merges.resources import MERGES
from guanxi_tickets.merges.schemas import TicketMergeCreate, TicketMergeRead
from guanxi_tickets.merges.service import merge_tickets
from guanxi_tickets.merges.undoing import undo_merge

router = APIRouter(tags=["merges"])
PATH = "/v1/tickets/merges"
ONE = PATH + "/{ticket_merge_id}"
FORCE = documents.query_parameter(
    "force", "string",
    "true undoes what can be undone and leaves what changed since as it is; `kept` says what.",
    enum=["true", "false"],
)  # fmt: skip


@router.post(
    PATH,
    **documents.operation(
        "create_ticket_merge",
        "Make several tickets one, with everything that was said on them",
        parameters=[documents.IDEMPOTENCY_KEY],
        body=TicketMergeCreate,
        response_model=TicketMergeRead,
        status_code=201,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)
async def create_ticket_merge(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    raw = await call.body()
    data = writes.parse(TicketMergeCreate, raw)

    async def merge(connection: Connection) -> Answer:
        state = await merge_tickets(call, connection, data)
        headers = {"etag": writes.etag_of(state), "location": f"{PATH}/{state['id']}"}
        return Answer(201, state_bytes(state), headers)

    return await answer_once(call, merge, fingerprint_of=raw)


@router.get(PATH, **documents.lists(MERGES))
async def list_ticket_merges(request: Request) -> Response:
    return await reads.list_records(await begin(request, "tickets:read"), MERGES)


@router.get(ONE, **documents.gets(MERGES, has_past=False))
async def get_ticket_merge(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    return await reads.get_record(call, MERGES, request.path_params["ticket_merge_id"])


@router.post(
    ONE + "/undo",
    **documents.operation(
        "undo_ticket_merge",
        "Make the merged tickets several again, as they were, or say what later changes prevent",
        parameters=[documents.path_id("ticket_merge_id"), FORCE, documents.IDEMPOTENCY_KEY],
        response_model=TicketMergeRead,
        responses=documents.problems(404, 409, 413, 415, 422),
    ),
)
async def undo_ticket_merge(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    merge_id, force = id_in_path(request.path_params["ticket_merge_id"]), _force(request)
    return await writes.act(
        call, lambda connection: undo_merge(call, connection, merge_id, force=force)
    )


def _force(request: Request) -> bool:
    sent = dict(query_pairs(request.scope["query_string"]))
    for name in sent.keys() - {"force"}:
        raise Malformed(
            f"Undoing does not take {name[:60]!r}.", errors={name: "Unknown parameter."},
            code="unknown_parameter",
        )  # fmt: skip
    if sent.get("force", "false") not in ("true", "false"):
        raise Malformed("force is true or false.", errors={"force": "Send true or false."})
    return sent.get("force") == "true"

"""Replies and notes over HTTP."""

from uuid import UUID

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import JSON_OPTIONS
from guanxi_tickets.comments import reading, service
from guanxi_tickets.comments.schemas import CommentCreate, CommentPage, CommentRead, CommentUpdate

router = APIRouter(tags=["comments"])
PATH = service.PATH
ONE = PATH + "/{comment_id}"
TICKET = documents.path_id("ticket_id")
PLACE = [TICKET, documents.path_id("comment_id")]


@router.get(
    PATH,
    **documents.operation(
        "list_ticket_comments",
        "What is said about a ticket, the oldest first; internal notes for those who may read them",
        parameters=[
            TICKET,
            documents.query_parameter("limit", "integer", "1 to 200", minimum=1, maximum=200),
            documents.query_parameter("cursor", "string", "The next_cursor of the page before."),
            documents.query_parameter(
                "visibility", "string", "Only these.", enum=["public", "internal"]
            ),
        ],
        response_model=CommentPage,
        responses=documents.problems(404),
    ),
)
async def list_ticket_comments(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    return await reading.list_kept(call, reading.SAID, id_in_path(request.path_params["ticket_id"]))


@router.post(
    PATH,
    **documents.operation(
        "create_comment",
        "Reply to the requester, or write an internal note",
        parameters=[TICKET, documents.IDEMPOTENCY_KEY],
        body=CommentCreate,
        response_model=CommentRead,
        status_code=201,
        responses={
            201: {"description": "Created"},
            200: {"model": CommentRead, "description": "It was there already, identical."},
            **documents.problems(404, 409, 413, 415, 422),
        },
    ),
)
async def create_comment(request: Request) -> Response:
    call = await begin(request, "tickets:create")
    ticket_id, raw = id_in_path(request.path_params["ticket_id"]), await call.body()
    data = writes.parse(CommentCreate, raw)

    async def write(connection: Connection) -> Answer:
        return await service.create_comment(call, connection, ticket_id, data)

    return await answer_once(call, write, fingerprint_of=raw)


@router.get(
    ONE,
    **documents.operation(
        "get_comment",
        "One reply or note",
        parameters=PLACE,
        response_model=CommentRead,
        responses=documents.problems(404),
    ),
)
async def get_comment(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    found = await reading.find_kept(call, reading.SAID, *_place(request))
    body = orjson.dumps(found, option=JSON_OPTIONS)
    return Response(body, media_type="application/json", headers={"etag": writes.etag_of(found)})


@router.patch(
    ONE,
    **documents.operation(
        "update_comment",
        "Correct what one has written (JSON merge patch)",
        parameters=[*PLACE, documents.IF_MATCH],
        body=CommentUpdate,
        response_model=CommentRead,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)
async def update_comment(request: Request) -> Response:
    call = await begin(request, "tickets:create")
    version, raw = writes.wanted_version(call), await call.body()
    data = writes.parse(CommentUpdate, raw)
    return await writes.act(
        call,
        lambda connection: service.update_comment(call, connection, _place(request), data, version),
        raw=raw,
    )


@router.delete(
    ONE,
    **documents.operation(
        "delete_comment",
        "Take back what one has written",
        parameters=[*PLACE, documents.IF_MATCH],
        response_model=CommentRead,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)
async def delete_comment(request: Request) -> Response:
    call: Call = await begin(request, "tickets:create")
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_comment(call, connection, _place(request), version)
    )


def _place(request: Request) -> tuple[UUID, UUID]:
    """The ids of the ticket and the comment."""
    parts = request.path_params
    return id_in_path(parts["ticket_id"]), id_in_path(parts["comment_id"])

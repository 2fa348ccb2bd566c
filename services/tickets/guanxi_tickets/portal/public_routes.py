"""The portal for whoever has a link: read and answered without signing in."""

from typing import Any, TypeVar
from uuid import UUID

import orjson
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, pages, writes
from guanxi_shared.db import Connection
from guanxi_shared.documents import body_of, path_id, problems, query_parameter
from guanxi_shared.errors import Malformed
from guanxi_shared.files.keeping import Place, blob_place, id_sent, keep_upload, upload_options
from guanxi_shared.files.receiving import Received
from guanxi_shared.files.sending import OCTETS, PARAMETERS, RESPONSES, send_content
from guanxi_shared.files.settings import file_settings
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.reads import Row
from guanxi_shared.records import State
from guanxi_tickets.files.resources import FILES
from guanxi_tickets.files.schemas import TicketFileUpload
from guanxi_tickets.portal import acting, reading
from guanxi_tickets.portal.move_rules import to_close, to_reopen
from guanxi_tickets.portal.schemas import (
    SHOWN_OF_COMMENT,
    SHOWN_OF_FILE,
    PortalComment,
    PortalComments,
    PortalFile,
    PortalFiles,
    PortalReply,
    PortalTickets,
    PortalTicketWhole,
    PortalVisit,
)
from guanxi_tickets.portal.visiting import Visit, begin_visit, own_ticket
from guanxi_tickets.settings import Settings

router = APIRouter(tags=["public"])
PATH = "/v1/public/portal/{token}"
TICKETS = PATH + "/tickets"
ONE = TICKETS + "/{ticket_id}"
TOKEN = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}
TICKET = (TOKEN, path_id("ticket_id"))
FORM = body_of(TicketFileUpload, content_type="multipart/form-data")
FORM["requestBody"]["content"]["application/octet-stream"] = OCTETS
Model = TypeVar("Model", bound=BaseModel)


def public_operation(
    operation_id: str, summary: str, *, parameters: tuple[Any, ...] = TICKET,
    body: type[BaseModel] | None = None, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    found = documents.operation(operation_id, summary, parameters=parameters, body=body, **more)
    found["openapi_extra"]["security"] = []
    return found


@router.get(
    PATH,
    **public_operation(
        "get_portal", "Whose portal it is, and what the link opens", parameters=(TOKEN,),
        response_model=PortalVisit, responses=problems(404, 410),
    ),
)  # fmt: skip
async def get_portal(request: Request) -> Response:
    visit = await begin_visit(request)
    found = {name: visit.link[name] for name in ("reach", "expires_at")}
    return _json({"organisation": visit.facts.name, **found})


@router.get(
    TICKETS,
    **public_operation(
        "list_portal_tickets", "The requester's own tickets, the newest first",
        parameters=(
            TOKEN, query_parameter("before", "string", "The `next` of a page.", format="uuid"),
        ),
        response_model=PortalTickets, responses=problems(404, 410),
    ),
)  # fmt: skip
async def list_portal_tickets(request: Request) -> Response:
    visit = await begin_visit(request)
    return _json(await reading.list_tickets(visit, _before(request)))


def _before(request: Request) -> UUID | None:
    pairs = pages.query_pairs(request.scope["query_string"])
    unknown = next((name for name, _ in pairs if name != "before"), None)
    if unknown is not None or len(pairs) > 1:
        name = unknown or "before"
        raise Malformed(
            f"The list does not take {name[:60]!r} like this.", errors={name: "There is `before`, once."},
            code="unknown_parameter",
        )  # fmt: skip
    return id_sent("before", pairs[0][1]) if pairs else None


@router.get(
    ONE,
    **public_operation(
        "get_portal_ticket", "One of them, with what was promised and what may be done",
        response_model=PortalTicketWhole, responses=problems(404, 410),
    ),
)  # fmt: skip
async def get_portal_ticket(request: Request) -> Response:
    visit = await begin_visit(request)
    return _json(await reading.read_ticket(visit, await own_ticket(visit)))


@router.get(
    ONE + "/comments",
    **public_operation(
        "list_portal_comments", "What was replied, the oldest first",
        response_model=PortalComments, responses=problems(404, 410),
    ),
)  # fmt: skip
async def list_portal_comments(request: Request) -> Response:
    visit = await begin_visit(request)
    return _json({"data": await reading.list_said(visit, await own_ticket(visit))})


@router.post(
    ONE + "/comments",
    **public_operation(
        "create_portal_comment", "Reply", body=PortalReply, response_model=PortalComment,
        status_code=201, responses={201: {"description": "Taken"}, **problems(404, 409, 410, 413, 415, 422)},
    ),
)  # fmt: skip
async def create_portal_comment(request: Request) -> Response:
    visit = await begin_visit(request, to_write=True)
    ticket_id = await own_ticket(visit)
    data = writes.parse(PortalReply, await visit.call.body())
    made = await acting.reply(visit, ticket_id, data)
    return _json({name: made[name] for name in SHOWN_OF_COMMENT}, 201)


@router.get(
    ONE + "/files",
    **public_operation(
        "list_portal_files", "Files that the requester put there, or that were sent to them",
        response_model=PortalFiles, responses=problems(404, 410),
    ),
)  # fmt: skip
async def list_portal_files(request: Request) -> Response:
    visit = await begin_visit(request)
    return _json({"data": await reading.list_files(visit, await own_ticket(visit))})


@router.post(
    ONE + "/files",
    operation_id="create_portal_file",
    summary="Put a file there: the body itself, or the part `file` of a form",
    openapi_extra={
        **FORM, "security": [],
        "parameters": [
            *TICKET, query_parameter("id", "string", "The client's own UUIDv7.", format="uuid"),
            query_parameter("name", "string", "What the file is called."),
        ],
    },
    response_model=PortalFile,
    status_code=201,
    responses={201: {"description": "Kept"}, **problems(404, 409, 410, 413, 415, 422)},
)  # fmt: skip
async def create_portal_file(request: Request) -> Response:
    visit = await begin_visit(request, to_write=True)
    ticket_id, asked = await own_ticket(visit), upload_options(visit.call)

    async def insert(connection: Connection, received: Received, place: Place, name: str) -> State:
        state = await acting.put_file(visit, connection, ticket_id, received, place, asked, name)
        return {name: state[name] for name in (*SHOWN_OF_FILE, "version")}

    async def find(file_id: UUID) -> Row:
        return await reading.find_file(visit, ticket_id, file_id)

    path = f"{request.url.path}"
    return await keep_upload(
        visit.call, asked, str(ticket_id), insert, find, path=path, key="pk_ticket_files",
        settings=_limited(visit),
    )  # fmt: skip


def _limited(visit: Visit) -> Settings:
    settings = visit.house.settings
    assert isinstance(settings, Settings)
    most = min(settings.max_file_bytes, settings.max_visitor_file_bytes)
    return settings.model_copy(update={"max_file_bytes": most})


@router.get(
    ONE + "/files/{file_id}/content",
    operation_id="get_portal_file_content",
    summary="The bytes of a file, whole or a range of them",
    openapi_extra={"parameters": [*TICKET, path_id("file_id"), *PARAMETERS], "security": []},
    response_class=Response,
    responses=RESPONSES | problems(410),
)
async def get_portal_file_content(request: Request) -> Response:
    visit = await begin_visit(request)
    ticket_id = await own_ticket(visit)
    file_id = id_in_path(request.path_params["file_id"])

    async def find() -> Row:
        return await reading.find_file(visit, ticket_id, file_id)

    async def place(row: Row) -> tuple[str, str]:
        return await blob_place(visit.call, FILES.table, file_id)

    return await send_content(request, file_settings(visit.house), find, place)


@router.post(
    ONE + "/close",
    **public_operation(
        "close_portal_ticket", "Close it: it is done", response_model=PortalTicketWhole,
        responses=problems(404, 409, 410),
    ),
)  # fmt: skip
async def close_portal_ticket(request: Request) -> Response:
    return await _move(request, to_close)


@router.post(
    ONE + "/reopen",
    **public_operation(
        "reopen_portal_ticket", "Open it again: it is not done", response_model=PortalTicketWhole,
        responses=problems(404, 409, 410),
    ),
)  # fmt: skip
async def reopen_portal_ticket(request: Request) -> Response:
    return await _move(request, to_reopen)


async def _move(request: Request, decide: acting.Decide) -> Response:
    visit = await begin_visit(request, to_write=True)
    ticket_id = await own_ticket(visit)
    await acting.move(visit, ticket_id, decide)
    return _json(await reading.read_ticket(visit, ticket_id))


def _json(value: Any, status: int = 200) -> Response:
    headers = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z, default=str)
    return Response(body, status, headers, media_type="application/json")

"""Files of tickets over HTTP: streamed in, streamed out, never shown as a page."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.documents import body_of, path_id, problems, query_parameter
from guanxi_shared.errors import Malformed
from guanxi_shared.files.keeping import (
    Asked,
    Place,
    answer_file,
    blob_place,
    keep_upload,
    upload_options,
)  # fmt: skip
from guanxi_shared.files.receiving import Received
from guanxi_shared.files.sending import OCTETS, PARAMETERS, RESPONSES, send_content
from guanxi_shared.files.settings import file_settings
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.reads import Row
from guanxi_shared.records import State
from guanxi_tickets.comments.reading import find_kept, list_kept
from guanxi_tickets.comments.resources import NOTES
from guanxi_tickets.files import service
from guanxi_tickets.files.resources import FILES_BY_VISIBILITY
from guanxi_tickets.files.schemas import TicketFilePage, TicketFileRead, TicketFileUpload
from guanxi_tickets.files.service import KEPT
from guanxi_tickets.tickets.resources import TICKETS

router = APIRouter(tags=["comments"])
PATH = service.PATH
ONE = PATH + "/{file_id}"
TICKET = path_id("ticket_id")
PLACE = [TICKET, path_id("file_id")]
FORM = body_of(TicketFileUpload, content_type="multipart/form-data")
FORM["requestBody"]["content"]["application/octet-stream"] = OCTETS
VISIBILITY: dict[str, Any] = {"enum": ["public", "internal"]}
UPLOAD_PARAMETERS = [
    TICKET,
    query_parameter("id", "string", "The client's own UUIDv7, if it brings one.", format="uuid"),
    query_parameter("name", "string", "What the file is called; else by Content-Disposition. Cut after 200 characters."),
    query_parameter("visibility", "string", "public if absent; internal is for notes, and never becomes public.", **VISIBILITY),
    documents.IDEMPOTENCY_KEY,
]  # fmt: skip


@router.post(
    PATH,
    operation_id="create_ticket_file",
    summary="Put a file on a ticket: the body itself, or the part `file` of a form",
    openapi_extra={**FORM, "parameters": UPLOAD_PARAMETERS},
    response_model=TicketFileRead,
    status_code=201,
    responses={
        201: {"description": "Kept"},
        200: {"model": TicketFileRead, "description": "It was there already, identical."},
        **problems(404, 409, 413, 415, 422),
    },
)
async def create_ticket_file(request: Request) -> Response:
    call = await begin(request, "tickets:create")
    ticket_id = id_in_path(request.path_params["ticket_id"])
    asked = upload_options(call, ("visibility",))
    visibility = _visibility(call, asked)
    await reads.find_record(call, TICKETS, ticket_id)  # before a byte of it is kept

    async def insert(connection: Connection, received: Received, place: Place, name: str) -> State:
        return await service.insert_file(
            call, connection, ticket_id, received, place, asked, name, visibility=visibility
        )

    async def find(file_id: UUID) -> Row:
        return await find_kept(call, KEPT, ticket_id, file_id)

    return await keep_upload(
        call, asked, [str(ticket_id), visibility], insert, find,
        path=PATH.format(ticket_id=ticket_id),
        key=f"pk_{FILES_BY_VISIBILITY[visibility].table.name}",
    )  # fmt: skip


def _visibility(call: Call, asked: Asked) -> str:
    """What an upload says of whom it is for; internal is for those who may write notes."""
    said = [text for _, text in asked.more] or ["public"]
    if len(said) > 1 or said[0] not in FILES_BY_VISIBILITY:
        sentence = "Send public or internal, once."
        raise Malformed(f"visibility: {sentence}", errors={"visibility": sentence})
    if said[0] == "internal":
        call.by.demand(NOTES.permission("create"))
    return said[0]


@router.get(
    PATH,
    **documents.operation(
        "list_ticket_files",
        "The files on a ticket, the oldest first; internal ones for those who may read notes",
        parameters=[
            TICKET,
            query_parameter("limit", "integer", "1 to 200", minimum=1, maximum=200),
            query_parameter("cursor", "string", "The next_cursor of the page before."),
            query_parameter("visibility", "string", "Only these.", **VISIBILITY),
        ],
        response_model=TicketFilePage,
        responses=problems(404),
    ),
)
async def list_ticket_files(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    return await list_kept(call, KEPT, id_in_path(request.path_params["ticket_id"]))


@router.get(
    ONE,
    **documents.operation(
        "get_ticket_file",
        "What is known of a file",
        parameters=PLACE,
        response_model=TicketFileRead,
        responses=problems(404),
    ),
)
async def get_ticket_file(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    return answer_file(await find_kept(call, KEPT, *_place(request)))


@router.get(
    ONE + "/content",
    operation_id="get_ticket_file_content",
    summary="The bytes, whole or a range of them; a picture may be shown in place",
    openapi_extra={"parameters": [*PLACE, *PARAMETERS]},
    response_class=Response,
    responses=RESPONSES,
)
async def get_ticket_file_content(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    return await send_file(call, *_place(request))


async def send_file(call: Call, ticket_id: UUID, file_id: UUID) -> Response:
    """The bytes of a file that the caller sees."""

    async def find() -> Row:
        return await find_kept(call, KEPT, ticket_id, file_id)

    async def place(row: Row) -> tuple[str, str]:
        table = FILES_BY_VISIBILITY[row["visibility"]].table
        return await blob_place(call, table, UUID(row["id"]))

    return await send_content(call.request, file_settings(call.house), find, place)


@router.delete(
    ONE,
    **documents.operation(
        "delete_ticket_file",
        "Take away what one has put there; the bytes go a month later",
        parameters=[*PLACE, documents.IF_MATCH],
        response_model=TicketFileRead,
        responses=problems(404, 409, 412, 413, 415, 422),
    ),
)
async def delete_ticket_file(request: Request) -> Response:
    call = await begin(request, "tickets:create")
    version, place = writes.wanted_version(call), _place(request)
    return await writes.act(
        call, lambda connection: service.delete_file(call, connection, place, version)
    )


def _place(request: Request) -> tuple[UUID, UUID]:
    """The ids of the ticket and the file."""
    parts = request.path_params
    return id_in_path(parts["ticket_id"]), id_in_path(parts["file_id"])

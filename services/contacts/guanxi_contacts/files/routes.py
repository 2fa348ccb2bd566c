"""Files over HTTP: streamed in, streamed out, never shown as a page."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.files import service
from guanxi_contacts.files.resources import FILE, FILES, READABLE
from guanxi_contacts.files.schemas import FileRead, FileUpdate, FileUpload
from guanxi_shared import documents, history, pages, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.documents import body_of, path_id, problems, query_parameter
from guanxi_shared.errors import Malformed
from guanxi_shared.files import rules
from guanxi_shared.files.keeping import (
    Asked,
    Place,
    answer_file,
    blob_place,
    id_sent,
    keep_upload,
    upload_options,
)  # fmt: skip
from guanxi_shared.files.receiving import Received
from guanxi_shared.files.sending import OCTETS, PARAMETERS, RESPONSES, send_content
from guanxi_shared.files.settings import file_settings
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.reads import Row
from guanxi_shared.records import State

router = APIRouter(tags=["files"])
PATH = "/v1/files"
ONE = PATH + "/{file_id}"
SUBJECT_PARAMETERS = ("account_id", "contact_id", "activity_id")
FORM = body_of(FileUpload, content_type="multipart/form-data")
FORM["requestBody"]["content"]["application/octet-stream"] = OCTETS
UPLOAD_PARAMETERS = [
    query_parameter("id", "string", "The client's own UUIDv7, if it brings one.", format="uuid"),
    query_parameter("name", "string", "What the file is called; else by Content-Disposition. Cut after 200 characters."),
    *(query_parameter(name, "string", "A record it belongs to; may be repeated.", format="uuid")
      for name in SUBJECT_PARAMETERS),
    documents.IDEMPOTENCY_KEY,
]  # fmt: skip
NEXT = {
    name: {"operationId": name, "parameters": {"file_id": "$response.body#/id"}}
    for name in ("get_file", "get_file_content", "update_file", "delete_file", "restore_file")
}


@router.post(
    PATH,
    operation_id="create_file",
    summary="Keep a file: the body itself, or the part `file` of a form",
    openapi_extra={**FORM, "parameters": UPLOAD_PARAMETERS},
    response_model=FileRead,
    status_code=201,
    responses={
        201: {"description": "Kept", "links": NEXT},
        200: {"model": FileRead, "description": "It was there already, identical."},
        **problems(404, 409, 413, 415, 422),
    },
)
async def create_file(request: Request) -> Response:
    call = await begin(request, "files:create")
    asked = upload_options(call, SUBJECT_PARAMETERS)
    links = _links(asked)

    async def insert(connection: Connection, received: Received, place: Place, name: str) -> State:
        return await service.insert_file(call, connection, received, place, asked, name, links)

    async def find(file_id: UUID) -> Row:
        return await service.find_file(call, file_id)

    return await keep_upload(call, asked, links, insert, find, path=PATH, key="pk_files")


def _links(asked: Asked) -> service.Links:
    if len(asked.more) > 50:
        raise Malformed("Name at most 50 records.", errors={"id": "At most 50 records."})
    ids = [(name, id_sent(name, text)) for name, text in asked.more]
    return service.as_stored(
        [{"type": name.removesuffix("_id"), "id": str(found)} for name, found in ids]
    )


@router.get(PATH, **documents.lists(FILES))
async def list_files(request: Request) -> Response:
    call = await begin(request, "files:read")
    raw: bytes = request.scope["query_string"]
    query = pages.from_query_string(raw, FILES, FILES.fields, call.clock)
    narrowed = await service.page_query(call, query)
    return reads.answer_page(call, *await reads.page_of(call, READABLE, narrowed))


@router.get(ONE, **documents.gets(FILES, has_past=False))
async def get_file(request: Request) -> Response:
    call = await begin(request, "files:read")
    row = await service.find_file(call, id_in_path(request.path_params["file_id"]))
    etag = writes.etag_of(row)
    if rules.is_known(etag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers={"etag": etag})
    return answer_file(row)


@router.get(
    ONE + "/content",
    operation_id="get_file_content",
    summary="The bytes, whole or a range of them; a picture may be shown in place",
    openapi_extra={
        "parameters": [path_id("file_id"), *PARAMETERS],
    },
    response_class=Response,
    responses=RESPONSES,
)
async def get_file_content(request: Request) -> Response:
    call = await begin(request, "files:read")

    async def find() -> Row:
        return await service.find_file(call, id_in_path(request.path_params["file_id"]))

    async def place(row: Row) -> tuple[str, str]:
        return await blob_place(call, FILE, UUID(row["id"]))

    return await send_content(request, file_settings(call.house), find, place)


@router.patch(ONE, **documents.updates(FILES, FileUpdate))
async def update_file(request: Request) -> Response:
    call = await begin(request, "files:update")
    file_id, version = id_in_path(request.path_params["file_id"]), writes.wanted_version(call)
    return await writes.update(
        call,
        FileUpdate,
        lambda connection, data: service.update_file(call, connection, file_id, data, version),
    )


@router.delete(
    ONE,
    **documents.acts(FILES, "delete", "Delete softly; the bytes go a month later", takes_key=False),
)
async def delete_file(request: Request) -> Response:
    call = await begin(request, "files:delete")
    file_id, version = id_in_path(request.path_params["file_id"]), writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_file(call, connection, file_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(FILES, "restore", "Bring a deleted file back"))
async def restore_file(request: Request) -> Response:
    call = await begin(request, "files:delete")
    file_id = id_in_path(request.path_params["file_id"])
    return await writes.act(
        call, lambda connection: service.restore_file(call, connection, file_id)
    )


@router.get(ONE + "/history", **documents.histories(FILES))
async def get_file_history(request: Request) -> Response:
    call = await begin(request, "files:read")
    return await history.get_history(call, FILES, request.path_params["file_id"])

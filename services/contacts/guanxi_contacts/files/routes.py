"""Files over HTTP: streamed in, streamed out, never shown as a page."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from guanxi_contacts.files import rules, service, type_rules
from guanxi_contacts.files.receiving import Received, receive_file
from guanxi_contacts.files.resources import FILES, READABLE
from guanxi_contacts.files.rules import NotInFile, Span
from guanxi_contacts.files.schemas import FileRead, FileUpdate, FileUpload
from guanxi_contacts.files.storage import storage_of
from guanxi_contacts.settings import own_settings
from guanxi_shared import documents, history, pages, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.documents import body_of, path_id, problems, query_parameter
from guanxi_shared.errors import Malformed, RangeNotSatisfiable
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.reads import Row
from guanxi_shared.records import state_bytes

router = APIRouter(tags=["files"])
PATH = "/v1/files"
ONE = PATH + "/{file_id}"
SUBJECT_PARAMETERS = ("account_id", "contact_id", "activity_id")
FORM = body_of(FileUpload, content_type="multipart/form-data")
OCTETS = {"schema": {"type": "string", "format": "binary"}}
FORM["requestBody"]["content"]["application/octet-stream"] = OCTETS
UPLOAD_PARAMETERS = [
    query_parameter("id", "string", "The client's own UUIDv7, if it brings one.", format="uuid"),
    query_parameter("name", "string", "What the file is called; else by Content-Disposition. Cut after 200 characters."),
    *(query_parameter(name, "string", "A record it belongs to; may be repeated.", format="uuid")
      for name in SUBJECT_PARAMETERS),
    documents.IDEMPOTENCY_KEY,
]  # fmt: skip
BYTES = {"description": "The bytes", "content": {"*/*": OCTETS}}
NEXT = {
    name: {"operationId": name, "parameters": {"file_id": "$response.body#/id"}}
    for name in ("get_file", "get_file_content", "update_file", "delete_file", "restore_file")
}
HARDENED = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cross-origin-resource-policy": "same-site",
    "cache-control": "private, no-cache",
    "accept-ranges": "bytes",
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
    file_id, name, links = _upload_options(call)
    received = await receive_file(request, own_settings(call))
    name = rules.file_name(name) if name is not None else received.name
    try:
        return await _keep(call, received, file_id, name, links)
    finally:
        received.path.unlink(missing_ok=True)


async def _keep(
    call: Call, received: Received, file_id: UUID | None, name: str, links: service.Links
) -> Response:
    fingerprint = orjson.dumps([received.sha256, str(file_id), name, links])
    try:
        async with service.stored_bytes(call, received) as place:

            async def work(connection: Connection) -> Answer:
                state = await service.insert_file(
                    call, connection, received, place, file_id=file_id, name=name, links=links
                )
                headers = {"etag": writes.etag_of(state), "location": f"{PATH}/{state['id']}"}
                return Answer(201, state_bytes(state), headers)

            return await answer_once(call, work, fingerprint_of=fingerprint)
    except asyncpg.UniqueViolationError as error:
        if file_id is None or error.constraint_name != "pk_files":
            raise
        return _record(await service.same_file(call, file_id, received, name))


def _upload_options(call: Call) -> tuple[UUID | None, str | None, service.Links]:
    pairs = pages.query_pairs(call.request.scope["query_string"])
    known = {"id", "name", *SUBJECT_PARAMETERS}
    unknown = next((name for name, _ in pairs if name not in known), None)
    if unknown is not None:
        raise Malformed(
            f"An upload does not take {unknown!r}.", errors={unknown: "Unknown parameter."},
            code="unknown_parameter",
        )  # fmt: skip
    ids = [(name, _id(name, text)) for name, text in pairs if name != "name"]
    links = [
        {"type": name.removesuffix("_id"), "id": str(found)} for name, found in ids if name != "id"
    ]
    own = [found for name, found in ids if name == "id"]
    names = [text for name, text in pairs if name == "name"]
    if len(own) > 1 or len(names) > 1 or len(links) > 50:
        raise Malformed(
            "id and name are sent once, records at most 50 times.", errors={"id": "Send it once."}
        )
    return next(iter(own), None), next(iter(names), None), service.as_stored(links)


def _id(name: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Malformed(f"{name} must be a UUID.", errors={name: "Send a UUID."}) from error


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
    return _record(row)


@router.get(
    ONE + "/content",
    operation_id="get_file_content",
    summary="The bytes, whole or a range of them; a picture may be shown in place",
    openapi_extra={
        "parameters": [
            path_id("file_id"),
            query_parameter("disposition", "string", "attachment if absent; inline is for pictures.",
                            enum=["attachment", "inline"]),
            {"name": "Range", "in": "header", "required": False, "schema": {"type": "string"},
             "description": "bytes=0-1023: one range; several are answered with the whole."},
            documents.IF_NONE_MATCH,
        ]
    },
    response_class=Response,
    responses={
        200: BYTES, 206: BYTES, 304: {"description": "You have these bytes."}, **problems(404, 416),
    },
)  # fmt: skip
async def get_file_content(request: Request) -> Response:
    call = await begin(request, "files:read")
    wants_inline = _disposition(call) == "inline"
    row = await service.find_file(call, id_in_path(request.path_params["file_id"]))
    etag = f'"{row["sha256"]}"'
    if rules.is_known(etag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers={**HARDENED, "etag": etag})
    span, status = _span(request, row, etag)
    key, storage = await service.blob_place(call, UUID(row["id"]))
    body = await storage_of(own_settings(call), storage).open(key, span)
    headers = {**HARDENED, **_headers_of(row, wants_inline), "etag": etag}
    headers["content-length"] = str(span.size)
    if status == 206:
        headers["content-range"] = f"bytes {span.start}-{span.end - 1}/{row['size']}"
    return StreamingResponse(body, status, headers)


def _span(request: Request, row: Row, etag: str) -> tuple[Span, int]:
    whole = Span(0, row["size"])
    header = request.headers.get("range")
    if header is None or not rules.range_still_holds(etag, request.headers.get("if-range")):
        return whole, 200
    try:
        found = rules.span_of(header, row["size"])
    except NotInFile as error:
        raise RangeNotSatisfiable(
            f"The file has {row['size']} bytes.",
            errors={"Range": "Ask for bytes that are in the file."},
            headers={"Content-Range": f"bytes */{row['size']}"},
        ) from error
    return (whole, 200) if found is None else (found, 206)


def _headers_of(row: Row, wants_inline: bool) -> dict[str, str]:
    """What a browser would run goes out as octets; all but pictures as an attachment."""
    content_type = row["content_type"]
    inline = wants_inline and type_rules.may_be_inline(content_type)
    sent = type_rules.UNKNOWN if type_rules.is_active(content_type) else content_type
    return {
        "content-type": sent,
        "content-disposition": rules.disposition(row["name"], inline=inline),
    }


def _disposition(call: Call) -> str:
    pairs: Sequence[tuple[str, str]] = pages.query_pairs(call.request.scope["query_string"])
    unknown = next((name for name, _ in pairs if name != "disposition"), None)
    if unknown is not None:
        raise Malformed(
            f"A download does not take {unknown!r}.", errors={unknown: "Unknown parameter."},
            code="unknown_parameter",
        )  # fmt: skip
    found = dict(pairs).get("disposition", "attachment")
    if found not in ("attachment", "inline"):
        raise Malformed(
            "disposition is attachment or inline.", errors={"disposition": "attachment or inline"}
        )
    return found


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


def _record(row: Row) -> Response:
    body: Any = orjson.dumps(row, option=reads.JSON_OPTIONS)
    headers = {"etag": writes.etag_of(row)}
    return Response(body, media_type="application/json", headers=headers)

"""Imports over HTTP, the same for every service."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from guanxi_shared import documents, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.documents import body_of, operation, path_id, problems, query_parameter
from guanxi_shared.errors import Conflict, Malformed
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.imports import receiving as service
from guanxi_shared.imports.importable import Importing
from guanxi_shared.imports.kept_rows import error_file
from guanxi_shared.imports.options import ImportOptions
from guanxi_shared.imports.schemas import ImportPage, ImportRead, NewImport
from guanxi_shared.job_routes import JobRead, cursor_id, find_job, limit_of, shown
from guanxi_shared.pages import MAX_LIMIT, query_pairs
from guanxi_shared.transfer_settings import transfer_settings
from guanxi_shared.uploads import receive

PATH = "/v1/imports"
ONE = PATH + "/{import_id}"
PAGING = [
    query_parameter("limit", "integer", "1 to 200, 50 if absent", minimum=1, maximum=MAX_LIMIT),
    query_parameter("cursor", "string", "The next_cursor of the page before."),
]


def imports_router(importing: Importing, upload_model: type[NewImport]) -> APIRouter:
    """`upload_model` names the resources of `importing`."""
    router = APIRouter(tags=["imports"])
    uploads = body_of(upload_model, content_type="multipart/form-data")
    of_resource = query_parameter(
        "resource", "string", "Of which resource; an upload can say so in its part instead.",
        enum=list(importing),
    )  # fmt: skip

    @router.post(
        PATH,
        operation_id="create_import",
        summary="Upload a table: what it looks like, and with start=true its job",
        openapi_extra={**uploads, "parameters": [documents.IDEMPOTENCY_KEY, of_resource]},
        response_model=ImportRead,
        status_code=201,
        responses={
            202: {"model": ImportRead, "description": "Uploaded and begun"},
            **problems(409, 413, 415, 422),
        },
    )
    async def create_import(request: Request) -> Response:
        return await _take(await begin(request, "imports:create"), importing)

    @router.get(
        PATH,
        **operation("list_imports", "Your imports, the newest first (an admin sees all)", parameters=[*PAGING, of_resource],
                    response_model=ImportPage, responses=problems()),
    )  # fmt: skip
    async def list_imports(request: Request) -> Response:
        return await _list(await begin(request, "imports:read"), importing)

    @router.get(
        ONE,
        **operation("get_import", "A file, how it was understood, and how its job went",
                    parameters=[path_id("import_id")], response_model=ImportRead, responses=problems(404)),
    )  # fmt: skip
    async def get_import(request: Request) -> Response:
        call = await begin(request, "imports:read")
        found = await service.show(call, importing, await _find(call))
        return Response(_bytes(found), media_type="application/json")

    @router.post(
        ONE + "/start",
        **operation("start_import", "Take the file with these options; a dry run writes nothing",
                    parameters=[path_id("import_id"), documents.IDEMPOTENCY_KEY], body=ImportOptions,
                    response_model=JobRead, status_code=202, responses=problems(404, 409, 413, 415, 422)),
    )  # fmt: skip
    async def start_import(request: Request) -> Response:
        return await _start(await begin(request, "imports:create"), importing)

    @router.get(
        ONE + "/errors.csv",
        operation_id="get_import_errors",
        summary="The rows that did not go through, as they were, with their reasons",
        openapi_extra={"parameters": [path_id("import_id")]},
        response_class=Response,
        responses={
            200: {
                "description": "A table",
                "content": {"text/csv": {"schema": {"type": "string"}}},
            },
            **problems(404, 409),
        },
    )
    async def get_import_errors(request: Request) -> Response:
        return await _errors(await begin(request, "imports:read"))

    return router


async def _take(call: Call, importing: Importing) -> Response:
    """A file that is refused, or that a replay has no need of, is not kept."""
    named = dict(query_pairs(call.request.scope["query_string"])).get("resource")
    here = transfer_settings(call)
    upload = await receive(call.request, here.files_dir / "imports", limit=here.max_import_bytes)
    try:
        starts = service.check_parts(upload.fields, named)
        import_id, values = await service.take_in(call, importing, upload, here.files_dir)
    finally:
        upload.path.unlink(missing_ok=True)
    options = service.options_in(upload.fields.get("options")) if starts else None
    is_kept = False

    async def work(connection: Connection) -> Answer:
        nonlocal is_kept
        answer = await _enter(call, connection, importing, import_id, values, options)
        is_kept = True
        return answer

    fingerprint = orjson.dumps([upload.sha256, upload.fields], option=orjson.OPT_SORT_KEYS)
    try:
        return await answer_once(call, work, fingerprint_of=fingerprint)
    finally:
        if not is_kept:
            service.file_of(here.files_dir, call.organisation, import_id).unlink(missing_ok=True)


async def _enter(
    call: Call, connection: Connection, importing: Importing, import_id: UUID,
    values: Mapping[str, Any], options: ImportOptions | None,
) -> Answer:  # fmt: skip
    """The import of a file that was taken in; with options its job is begun."""
    await service.insert_import(call, connection, import_id, values)
    location = f"{PATH}/{import_id}"
    if options is not None:
        job_id = await service.start_import(call, connection, importing, import_id, options)
        location = f"/v1/jobs/{job_id}"
    found = await service.find_import(call, connection, import_id)
    body = _bytes(await service.show(call, importing, found))
    return Answer(201 if options is None else 202, body, {"location": location})


async def _start(call: Call, importing: Importing) -> Response:
    import_id = id_in_path(call.request.path_params["import_id"])
    raw = await call.body()
    options = writes.parse(ImportOptions, raw)

    async def work(connection: Connection) -> Answer:
        job_id = await service.start_import(call, connection, importing, import_id, options)
        job = await find_job(call, connection, job_id)
        return Answer(202, _bytes(shown(job)), {"location": f"/v1/jobs/{job_id}"})

    return await answer_once(call, work, fingerprint_of=raw)


async def _list(call: Call, importing: Importing) -> Response:
    options = dict(query_pairs(call.request.scope["query_string"]))
    unknown = sorted(set(options) - {"limit", "cursor", "resource"})
    if unknown:
        raise Malformed(
            f"The list of imports does not take {unknown[0]!r}.", errors={unknown[0]: "Unknown parameter."},
            code="unknown_parameter",
        )  # fmt: skip
    limit = limit_of(options.get("limit"))
    found = await service.list_imports(
        call, importing, before=cursor_id(options.get("cursor")), limit=limit + 1,
        resource=options.get("resource"),
    )  # fmt: skip
    data = [await service.show(call, importing, each) for each in found[:limit]]
    following = str(data[-1]["id"]) if len(found) > limit else None
    page = {"next_cursor": following, "has_more": following is not None, "total": None}
    return Response(_bytes({"data": data, "page": page}), media_type="application/json")


async def _errors(call: Call) -> Response:
    found = await _find(call)
    if found["job_id"] is None:
        raise Conflict("This import was not begun, so it has no errors.", code="not_begun")
    rows = error_file(call.db, call.organisation, found["job_id"], found["source"]["columns"])
    name = f"errors-{str(found['id'])[:8]}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=headers)


async def _find(call: Call) -> dict[str, Any]:
    import_id = id_in_path(call.request.path_params["import_id"])
    async with call.db.transaction(call.organisation) as connection:
        return await service.find_import(call, connection, import_id)


def _bytes(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z, default=str)

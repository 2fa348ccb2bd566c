"""Exports over HTTP, the same for every service: a job for what is large, a stream for what is wanted at once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from guanxi_shared import documents, pages, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.documents import operation, path_id, problems, query_parameter
from guanxi_shared.errors import Conflict, Malformed, NotFound
from guanxi_shared.exports import service
from guanxi_shared.exports.tables import Tables
from guanxi_shared.exports.writing import write_workbook
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path, new_id
from guanxi_shared.job_routes import JobRead, find_job, shown
from guanxi_shared.resources import Resource
from guanxi_shared.transfer_settings import transfer_settings

PATH = "/v1/exports"
ONE = PATH + "/{export_id}"
FILE = {
    "description": "A table",
    "content": {
        t.partition(";")[0]: {"schema": {"type": "string"}} for t in service.CONTENT_TYPES.values()
    },
}
NOT_HERE = ("limit", "cursor", "total", "include")


def exports_router(tables: Tables) -> APIRouter:
    router = APIRouter(tags=["exports"])

    @router.post(
        PATH,
        **operation("create_export", "Write everything that a search document finds into a file",
                    parameters=[documents.IDEMPOTENCY_KEY], body=tables.request, response_model=JobRead,
                    status_code=202, responses=problems(409, 413, 415, 422)),
    )  # fmt: skip
    async def create_export(request: Request) -> Response:
        call = await begin(request, "exports:create")
        raw = await call.body()
        data = writes.parse(tables.request, raw)
        await service.check_request(call, tables, data)

        async def work(connection: Connection) -> Answer:
            job_id = await service.start_export(call, connection, data)
            job = await find_job(call, connection, job_id)
            body = orjson.dumps(shown(job), option=orjson.OPT_UTC_Z, default=str)
            return Answer(202, body, {"location": f"/v1/jobs/{job_id}"})

        return await answer_once(call, work, fingerprint_of=raw)

    @router.get(
        ONE,
        **operation("get_export", "How far an export has come", parameters=[path_id("export_id")],
                    response_model=JobRead, responses=problems(404)),
    )  # fmt: skip
    async def get_export(request: Request) -> Response:
        call = await begin(request, "exports:read")
        body = orjson.dumps(shown(await _find(call, request)), option=orjson.OPT_UTC_Z, default=str)
        return Response(body, media_type="application/json")

    @router.get(
        ONE + "/file",
        operation_id="get_export_file",
        summary="The file of an export that is done",
        openapi_extra={"parameters": [path_id("export_id")]},
        response_class=Response,
        responses={200: FILE, **problems(404, 409)},
    )
    async def get_export_file(request: Request) -> Response:
        call = await begin(request, "exports:read")
        job = await _find(call, request)
        if job["status"] != "done":
            raise Conflict(f"The export is not there yet: it is {job['status']}.", code="not_done")
        wanted = tables.request.model_validate(job["params"]["request"])
        files_dir = transfer_settings(call).files_dir
        path = service.file_of(files_dir, call.organisation, job["id"], wanted.format)
        if not path.exists():
            raise NotFound("The file is not kept any more; export it again.")
        name = f"{wanted.resource}.{service.ENDINGS[wanted.format]}"
        return FileResponse(path, media_type=service.CONTENT_TYPES[wanted.format], filename=name)

    for resource in tables.resources.values():
        _add_direct(router, tables, resource)
    return router


def _add_direct(router: APIRouter, tables: Tables, resource: Resource) -> None:
    listed = [p for p in documents.list_parameters(resource) if p["name"] not in NOT_HERE]
    router.add_api_route(
        f"{resource.path or f'/v1/{resource.name}'}/export",
        _direct(tables, resource),
        methods=["GET"],
        response_class=Response,
        responses={200: FILE, **problems()},
        **operation(
            f"export_{resource.name}", f"All {resource.name} of a filter as a table, streamed",
            parameters=[_format(tables, resource), *listed],
        ),
    )  # fmt: skip


def _format(tables: Tables, resource: Resource) -> dict[str, Any]:
    formats = service.formats_of(tables, resource)
    return query_parameter("format", "string", "csv if absent", enum=formats)


def _direct(tables: Tables, resource: Resource) -> Callable[[Request], Awaitable[Response]]:
    async def export(request: Request) -> Response:
        call = await begin(request, "exports:create")
        call.by.demand(resource.permission("read"))
        format, query = await _asked(call, tables, resource)
        table = await service.table_for_call(call, tables, resource, query, format)
        async with call.db.transaction(call.organisation) as connection:
            await service.tell_of_export(call, connection, new_id(), resource.name, format)
        headers = {
            "content-disposition": f'attachment; filename="{resource.name}.{service.ENDINGS[format]}"'
        }
        if format == "xlsx":
            return await _workbook(call, table, headers)
        body: AsyncIterator[bytes] = table.stream()
        return StreamingResponse(body, media_type=service.CONTENT_TYPES[format], headers=headers)

    return export


async def _asked(call: Call, tables: Tables, resource: Resource) -> tuple[str, pages.ListQuery]:
    """The format, and the list that the other parameters mean (which has no pages here)."""
    raw: bytes = call.request.scope["query_string"]
    pairs = pages.query_pairs(raw)
    given = [value for name, value in pairs if name == "format"]
    unknown = next((name for name, _ in pairs if name in NOT_HERE), None)
    if unknown is not None:
        raise Malformed(
            f"An export does not take {unknown!r}.", errors={unknown: "Unknown parameter."},
            code="unknown_parameter",
        )  # fmt: skip
    format = given[0] if given else "csv"
    formats = service.formats_of(tables, resource)
    if len(given) > 1 or format not in formats:
        known = ", ".join(formats)
        raise Malformed(
            f"format must be one of: {known}.", errors={"format": f"Send one of: {known}."}
        )
    rest = b"&".join(part for part in raw.split(b"&") if part.partition(b"=")[0] != b"format")
    fields = await reads.all_fields(call, resource)
    query = pages.from_query_string(rest, resource, fields, call.clock)
    return format, await reads.prepared(call, query)


async def _workbook(call: Call, table: service.Table, headers: dict[str, str]) -> Response:
    """A workbook can only be sent when it is whole."""
    path: Path = transfer_settings(call).files_dir / "exports" / f"{new_id()}.part"
    try:
        await write_workbook(table, path)
    except BaseException:
        _remove(path)
        raise
    gone = BackgroundTask(_remove, path)
    return FileResponse(
        path, media_type=service.CONTENT_TYPES["xlsx"], headers=headers, background=gone
    )


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _find(call: Call, request: Request) -> dict[str, Any]:
    export_id = id_in_path(request.path_params["export_id"])
    async with call.db.transaction(call.organisation) as connection:
        job = await find_job(call, connection, export_id)
    if job["kind"] != service.KIND:
        raise NotFound("There is no such export.")
    return job

"""Resumable uploads over HTTP: tus 1.0, core and the extensions creation, expiration, checksum, termination."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.documents import path_id, problems
from guanxi_shared.errors import Malformed, MethodNotAllowed, Problem, TooLarge, UnsupportedMedia
from guanxi_shared.files import rules, tus_rules
from guanxi_shared.files.keeping import id_sent
from guanxi_shared.files.sending import OCTETS
from guanxi_shared.files.tus_rules import BadHeader
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.tus import service
from guanxi_shared.tus.kinds import Announced, Row, Uploads
from guanxi_shared.tus.schemas import UploadRead
from guanxi_shared.tus.settings import upload_settings

SPOKEN: Final = {"Tus-Resumable": tus_rules.VERSION}
HEX: Final = re.compile(r"[0-9a-fA-F]{64}")


def _header(name: str, description: str, *, is_required: bool = True) -> dict[str, Any]:
    return {
        "name": name, "in": "header", "required": is_required, "description": description,
        "schema": {"type": "string"},
    }  # fmt: skip


TUS: Final = _header("Tus-Resumable", "1.0.0")
UPLOAD: Final = path_id("upload_id")


class OtherVersion(Problem):
    status, code, title = 412, "tus_version", "Speak tus 1.0.0"


def uploads_router(uploads: Uploads) -> APIRouter:
    """Not in the OpenAPI document: what is sent and answered here is the tus protocol's, as its clients know it."""
    router = APIRouter(tags=[uploads.tag], include_in_schema=False)
    one = uploads.path + "/{upload_id}"

    @router.options(
        uploads.path,
        operation_id="get_upload_options",
        summary="What of tus is spoken here, and how long a file may be",
        status_code=204,
        response_class=Response,
        responses={204: {"description": "Tus-Version, Tus-Extension, Tus-Max-Size"}, **problems()},
    )
    async def get_upload_options(request: Request) -> Response:
        call = await begin(request, uploads.permission)
        headers = {
            **SPOKEN,
            "Tus-Version": tus_rules.VERSION,
            "Tus-Extension": tus_rules.EXTENSIONS,
            "Tus-Max-Size": str(upload_settings(call).max_file_bytes),
            "Tus-Checksum-Algorithm": ",".join(tus_rules.ALGORITHMS),
        }
        return Response(status_code=204, headers=headers)

    @router.post(
        uploads.path,
        operation_id="create_upload",
        summary="Announce a file that comes in parts; the same once more finds the same upload",
        openapi_extra={
            "parameters": [
                TUS,
                _header("Upload-Length", "The bytes of the whole file."),
                _header("Upload-Metadata",
                        "Pairs of a key and a value in Base64: id (the phone's own UUIDv7 for the file), filename,"
                        " filetype, sha256 (of the whole, in hex), and what the file is of. Others are passed over.",
                        is_required=False),
                documents.IDEMPOTENCY_KEY,
            ]
        },
        response_model=UploadRead,
        status_code=201,
        responses={
            201: {"description": "Location is where the bytes go, Upload-Offset what is there already."},
            **problems(409, 412, 413, 415, 422, 423),
        },
    )  # fmt: skip
    async def create_upload(request: Request) -> Response:
        call = await begin(request, uploads.permission)
        with _in_tus(request):
            announced = _announced(call, uploads)

            async def work(connection: Connection) -> Answer:
                row = await service.begin_upload(call, uploads, connection, announced)
                shown = {name: row[name] for name in ("id", "name", "length", "expires_at")}
                shown["offset"] = row["received"]
                body = orjson.dumps(shown, option=orjson.OPT_UTC_Z, default=str)
                return Answer(
                    201, body, {"Location": f"{uploads.path}/{row['id']}", **_headers_of(row)}
                )

            told = [announced.length, request.headers.get("upload-metadata")]
            response = await answer_once(call, work, fingerprint_of=orjson.dumps(told))
            if not announced.length:  # nothing will come
                location = response.headers["location"]
                await service.look_up(call, uploads, UUID(location.rpartition("/")[2]))
            return response

    @router.head(
        one,
        operation_id="get_upload_offset",
        summary="How much of an upload is here: Upload-Offset",
        openapi_extra={"parameters": [UPLOAD, TUS]},
        response_class=Response,
        responses={200: {"description": "Upload-Offset, Upload-Length, Upload-Expires"}, **problems(404, 409, 412, 415, 422, 423)},
    )  # fmt: skip
    async def get_upload_offset(request: Request) -> Response:
        call = await begin(request, uploads.permission)
        with _in_tus(request):
            row = await service.look_up(call, uploads, id_in_path(request.path_params["upload_id"]))
            headers = {
                **_headers_of(row),
                "Upload-Length": str(row["length"]),
                "Cache-Control": "no-store",
            }
            return Response(status_code=200, headers=headers)

    @router.patch(
        one,
        operation_id="append_upload",
        summary="The next bytes; with the last of them it is a file",
        openapi_extra={
            "parameters": [
                UPLOAD, TUS,
                _header("Upload-Offset", "Where these bytes belong: where the upload stands."),
                _header("Upload-Checksum", "sha1, sha256 or md5 of these bytes, then the digest in Base64.",
                        is_required=False),
            ],
            "requestBody": {"required": True, "content": {tus_rules.CONTENT_TYPE: OCTETS}},
        },
        status_code=204,
        response_class=Response,
        responses={
            204: {"description": "Upload-Offset is what is on the disk now."},
            **problems(404, 409, 412, 413, 415, 422, 423, 460),
        },
    )  # fmt: skip
    async def append_upload(request: Request) -> Response:
        call = await begin(request, uploads.permission)
        with _in_tus(request):
            return await _append(call, uploads)

    @router.delete(
        one,
        operation_id="end_upload",
        summary="Give up an upload; what is here of it goes",
        openapi_extra={"parameters": [UPLOAD, TUS]},
        status_code=204,
        response_class=Response,
        responses=problems(404, 412),
    )
    async def end_upload(request: Request) -> Response:
        call = await begin(request, uploads.permission)
        with _in_tus(request):
            return await _end(call)

    @router.post(
        one,
        operation_id="override_upload",
        summary="PATCH or DELETE for clients that can send neither: X-HTTP-Method-Override says which",
        openapi_extra={
            "parameters": [
                UPLOAD, TUS, _header("X-HTTP-Method-Override", "PATCH or DELETE"),
                documents.IDEMPOTENCY_KEY,
            ],
            "requestBody": {"required": False, "content": {tus_rules.CONTENT_TYPE: OCTETS}},
        },
        status_code=204,
        response_class=Response,
        responses=problems(404, 405, 409, 412, 413, 415, 422, 423, 460),
    )  # fmt: skip
    async def override_upload(request: Request) -> Response:
        call = await begin(request, uploads.permission)
        with _in_tus(request):
            method = request.headers.get("x-http-method-override", "").upper()
            if method == "PATCH":
                return await _append(call, uploads)
            if method == "DELETE":
                return await _end(call)
            raise MethodNotAllowed(
                "Send X-HTTP-Method-Override: PATCH or DELETE.",
                headers={"Allow": "DELETE, HEAD, PATCH"},
            )

    return router


async def _append(call: Call, uploads: Uploads) -> Response:
    request = call.request
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != tus_rules.CONTENT_TYPE:
        raise UnsupportedMedia(f"Send {tus_rules.CONTENT_TYPE}.")
    offset = tus_rules.number_in("Upload-Offset", request.headers.get("upload-offset"))
    checksum = tus_rules.checksum_in(request.headers.get("upload-checksum"))
    upload_id = id_in_path(request.path_params["upload_id"])
    row = await service.append(call, uploads, upload_id, _pieces(request), offset, checksum)
    return Response(status_code=204, headers=_headers_of(row))


async def _end(call: Call) -> Response:
    await service.give_up(call, id_in_path(call.request.path_params["upload_id"]))
    return Response(status_code=204, headers=SPOKEN)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    async for piece in request.stream():
        if piece:
            yield piece


@contextmanager
def _in_tus(request: Request) -> Iterator[None]:
    """The version is agreed on, and every answer names it, refusals too."""
    try:
        if request.headers.get("tus-resumable") != tus_rules.VERSION:
            raise OtherVersion(
                "Send Tus-Resumable: 1.0.0.", errors={"Tus-Resumable": "Send 1.0.0."},
                headers={"Tus-Version": tus_rules.VERSION},
            )  # fmt: skip
        yield
    except BadHeader as error:
        problem = Malformed(f"{error.name}: {error.sentence}", errors={error.name: error.sentence})
        problem.headers.update(SPOKEN)
        raise problem from error
    except Problem as problem:
        problem.headers.update(SPOKEN)
        raise


def _headers_of(row: Row) -> dict[str, str]:
    return {
        **SPOKEN,
        "Upload-Offset": str(row["received"]),
        "Upload-Expires": tus_rules.expires(row["expires_at"]),
    }


def _announced(call: Call, uploads: Uploads) -> Announced:
    headers = call.request.headers
    length = tus_rules.number_in("Upload-Length", headers.get("upload-length"))
    most = upload_settings(call).max_file_bytes
    if length > most:
        raise TooLarge(
            f"A file may have at most {most / 1_000_000:g} MB.", errors={"Upload-Length": f"At most {most}."}
        )  # fmt: skip
    told = tus_rules.metadata_in(headers.get("upload-metadata"))
    sha256 = told.get("sha256")
    if sha256 is not None and not HEX.fullmatch(sha256):
        raise BadHeader("Upload-Metadata", "sha256 is 64 hexadecimal digits.")
    return Announced(
        id=id_sent("id", told["id"]) if told.get("id") else None,
        name=rules.file_name(told.get("filename") or told.get("name")),
        declared_type=(told.get("filetype") or told.get("type") or "")[:200] or None,
        sha256=sha256.lower() if sha256 else None,
        links=uploads.links_in(call, told),
        length=length,
    )

"""The rights of people over HTTP, alike for contacts and for accounts that are people."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from guanxi_contacts.privacy import service
from guanxi_contacts.privacy.archiving import file_of
from guanxi_contacts.privacy.persons import ACCOUNT, CONTACT, Kind
from guanxi_contacts.privacy.schemas import ErasureRead, HoldRead, HoldRequest
from guanxi_contacts.settings import own_settings
from guanxi_shared import documents, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.documents import operation, path_id, problems
from guanxi_shared.erasing.schemas import ErasureRequest
from guanxi_shared.errors import Conflict, NotFound
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.job_routes import JobRead, find_job, shown
from guanxi_shared.records import state_bytes

router = APIRouter(tags=["privacy"])
Route = Callable[[Request], Awaitable[Response]]
ZIP = {
    "description": "Everything about one person",
    "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
}
REFUSED = (404, 409, 410, 413, 415, 422)


async def _begin(request: Request, kind: Kind) -> tuple[Call, UUID]:
    call = await begin(request, kind.resource.permission("erase"))
    return call, id_in_path(request.path_params[f"{kind.noun}_id"])


def _erase(kind: Kind) -> Route:
    async def erase(request: Request) -> Response:
        call, person_id = await _begin(request, kind)
        data = writes.parse(ErasureRequest, await call.body())
        return _json(await service.erase(call, kind, person_id, data))

    return erase


def _start_archive(kind: Kind) -> Route:
    async def start_archive(request: Request) -> Response:
        call, person_id = await _begin(request, kind)
        call.by.demand("exports:create")

        async def work(connection: Connection) -> Answer:
            job_id = await service.start_archive(call, connection, kind, person_id)
            job = await find_job(call, connection, job_id)
            return Answer(202, state_bytes(shown(job)), {"location": f"/v1/jobs/{job_id}"})

        raw = await call.body() if request.headers.get("content-type") else b""
        return await answer_once(call, work, fingerprint_of=raw)

    return start_archive


def _get_archive(kind: Kind) -> Route:
    async def get_archive(request: Request) -> Response:
        call, person_id = await _begin(request, kind)
        archive_id = id_in_path(request.path_params["archive_id"])
        async with call.db.transaction(call.organisation) as connection:
            await service.present_person(call, connection, kind, person_id, to_write=False)
            job = await find_job(call, connection, archive_id)
        if job["kind"] != service.ARCHIVE or job["params"].get("person_id") != str(person_id):
            raise NotFound("There is no such archive.")
        if job["status"] != "done":
            raise Conflict(f"The archive is not there yet: it is {job['status']}.", code="not_done")
        path = file_of(own_settings(call).files_dir, call.organisation, person_id, archive_id)
        if not path.exists():
            raise NotFound("The archive is not kept any more; ask for a new one.")
        name = f"{kind.noun}-{person_id}.zip"
        headers = {"x-content-type-options": "nosniff", "cache-control": "private, no-store"}
        return FileResponse(path, media_type="application/zip", filename=name, headers=headers)

    return get_archive


def _get_hold(kind: Kind) -> Route:
    async def get_hold(request: Request) -> Response:
        call, person_id = await _begin(request, kind)
        return _json(await service.find_hold(call, kind, person_id))

    return get_hold


def _place_hold(kind: Kind) -> Route:
    async def place_hold(request: Request) -> Response:
        call, person_id = await _begin(request, kind)
        raw = await call.body()
        data = writes.parse(HoldRequest, raw)

        async def work(connection: Connection) -> Answer:
            held = await service.place_hold(call, connection, kind, person_id, data)
            return Answer(201, state_bytes(dict(held)))

        return await answer_once(call, work, fingerprint_of=raw)

    return place_hold


def _release_hold(kind: Kind) -> Route:
    async def release_hold(request: Request) -> Response:
        call, person_id = await _begin(request, kind)
        async with call.db.transaction(call.organisation) as connection:
            released = await service.release_hold(call, connection, kind, person_id)
        return _json(released)

    return release_hold


def _json(value: Mapping[str, Any]) -> Response:
    return Response(state_bytes(dict(value)), media_type="application/json")


def _add(kind: Kind) -> None:
    one, noun = f"/v1/{kind.resource.name}/{{{kind.noun}_id}}", kind.noun
    named, key = path_id(f"{noun}_id"), documents.IDEMPOTENCY_KEY
    add = router.add_api_route
    add(
        f"{one}/erase", _erase(kind), methods=["POST"],
        **operation(f"erase_{noun}", "Erase a person for good; there is no way back",
                    parameters=[named], body=ErasureRequest, response_model=ErasureRead,
                    responses=problems(404, 409, 413, 415, 422)),
    )  # fmt: skip
    add(
        f"{one}/archive", _start_archive(kind), methods=["POST"],
        **operation(f"archive_{noun}", "Write everything about a person into one archive",
                    parameters=[named, key], response_model=JobRead, status_code=202,
                    responses=problems(*REFUSED)),
    )  # fmt: skip
    add(
        f"{one}/archives/{{archive_id}}/file", _get_archive(kind), methods=["GET"],
        response_class=Response, responses={200: ZIP, **problems(404, 409, 410, 422)},
        **operation(f"get_{noun}_archive", "The archive of a person, for a week",
                    parameters=[named, path_id("archive_id")]),
    )  # fmt: skip
    add(
        f"{one}/legal-hold", _get_hold(kind), methods=["GET"],
        **operation(f"get_{noun}_legal_hold", "The legal hold that stands", parameters=[named],
                    response_model=HoldRead, responses=problems(404, 410, 422)),
    )  # fmt: skip
    add(
        f"{one}/legal-hold", _place_hold(kind), methods=["POST"],
        **operation(f"place_{noun}_legal_hold", "Nobody may erase this person until it is released",
                    parameters=[named, key], body=HoldRequest, response_model=HoldRead,
                    status_code=201, responses=problems(*REFUSED)),
    )  # fmt: skip
    add(
        f"{one}/legal-hold", _release_hold(kind), methods=["DELETE"],
        **operation(f"release_{noun}_legal_hold", "Release a legal hold", parameters=[named],
                    response_model=HoldRead, responses=problems(404, 409, 410, 422)),
    )  # fmt: skip


for _kind in (CONTACT, ACCOUNT):
    _add(_kind)

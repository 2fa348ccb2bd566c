"""`/v1/jobs`: work that outlives its request, for whoever asked for it and for admins."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.documents import Page, operation, path_id, problems, query_parameter
from guanxi_shared.errors import Malformed, NotFound
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.jobs import STATUSES, cancel_job, read_job
from guanxi_shared.pages import DEFAULT_LIMIT, MAX_LIMIT, query_pairs

LISTED = """
SELECT organisation_id, id, kind, status, done, total, errors, '{}' AS params, result::text, created_by,
       created_at, started_at, finished_at, heartbeat_at, message
FROM jobs WHERE organisation_id = $2 AND ($3::uuid IS NULL OR created_by = $3) AND ($4::uuid IS NULL OR id < $4)
  AND ($5::text IS NULL OR status = $5) AND ($6::text IS NULL OR kind = $6)
ORDER BY id DESC LIMIT $7
"""
SHOWN = ("id", "kind", "status", "done", "total", "errors", "message", "created_by", "created_at",
         "started_at", "finished_at")  # fmt: skip


class JobRead(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f52", "kind": "import", "status": "running",
                "done": 42000, "total": 200000, "errors": 3,
                "result_url": "/v1/imports/01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f53/errors.csv",
            }
        }
    )  # fmt: skip

    id: UUID
    kind: str
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    done: int
    total: int | None
    errors: int
    result_url: str | None
    counts: dict[str, int] | None
    message: str | None
    created_by: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobPage(BaseModel):
    data: list[JobRead]
    page: Page


PARAMETERS = [
    query_parameter("limit", "integer", "1 to 200, 50 if absent", minimum=1, maximum=MAX_LIMIT),
    query_parameter("cursor", "string", "The next_cursor of the page before."),
    query_parameter("status", "string", "Only jobs that stand so.", enum=list(STATUSES)),
    query_parameter("kind", "string", "For example `import`."),
]


def jobs_router() -> APIRouter:
    router = APIRouter(tags=["jobs"])

    @router.get(
        "/v1/jobs",
        **operation("list_jobs", "Your jobs, the newest first (an admin sees all)", parameters=PARAMETERS,
                    response_model=JobPage, responses=problems()),
    )  # fmt: skip
    async def list_jobs(request: Request) -> Response:
        call = await begin(request, "jobs:read")
        return _json(await _list(call))

    @router.get(
        "/v1/jobs/{job_id}",
        **operation("get_job", "How far a job has come", parameters=[path_id("job_id")],
                    response_model=JobRead, responses=problems(404)),
    )  # fmt: skip
    async def get_job(request: Request) -> Response:
        call = await begin(request, "jobs:read")
        job_id = id_in_path(request.path_params["job_id"])
        async with call.db.transaction(call.organisation) as connection:
            return _json(shown(await find_job(call, connection, job_id)))

    @router.post(
        "/v1/jobs/{job_id}/cancel",
        **operation("cancel_job", "End a job; what it has done stays",
                    parameters=[path_id("job_id"), documents.IDEMPOTENCY_KEY],
                    response_model=JobRead, responses=problems(404, 409, 413, 415, 422)),
    )  # fmt: skip
    async def cancel(request: Request) -> Response:
        call = await begin(request, "jobs:update")
        job_id = id_in_path(request.path_params["job_id"])

        async def work(connection: Connection) -> Answer:
            await find_job(call, connection, job_id)
            job = await cancel_job(connection, call.organisation, job_id)
            return Answer(200, orjson.dumps(shown(job), option=orjson.OPT_UTC_Z, default=str))

        return await answer_once(call, work, fingerprint_of=await call.body())

    return router


async def find_job(call: Call, connection: Connection, job_id: UUID) -> dict[str, Any]:
    """A job that the caller asked for, or any for an admin; NotFound otherwise."""
    job = await read_job(connection, call.organisation, job_id)
    if not sees_all(call, "jobs") and job["created_by"] != call.by.user_id:
        raise NotFound("There is no such job.")
    return job


def sees_all(call: Call, resource: str) -> bool:
    """Jobs and what belongs to them have no owner to look through: one's own, or all."""
    return call.by.sees(resource) == "all"


def shown(job: Mapping[str, Any]) -> dict[str, Any]:
    result = job["result"] or {}
    found = {name: job[name] for name in SHOWN}
    return found | {"result_url": result.get("url"), "counts": result.get("counts")}


async def _list(call: Call) -> dict[str, Any]:
    options = _options(call)
    whose = None if sees_all(call, "jobs") else call.by.user_id
    rows = await call.db.fetch(
        call.organisation, LISTED, call.organisation, whose, options.get("cursor"),
        options.get("status"), options.get("kind"), options["limit"] + 1,
    )  # fmt: skip
    found = [shown({**row, "result": orjson.loads(row["result"] or "null")}) for row in rows]
    has_more = len(found) > options["limit"]
    data = found[: options["limit"]]
    cursor = str(data[-1]["id"]) if has_more else None
    return {"data": data, "page": {"next_cursor": cursor, "has_more": has_more, "total": None}}


def _options(call: Call) -> dict[str, Any]:
    options: dict[str, Any] = dict(query_pairs(call.request.scope["query_string"]))
    unknown = sorted(set(options) - {"limit", "cursor", "status", "kind"})
    if unknown:
        name = unknown[0]
        raise Malformed(
            f"The list of jobs does not take {name!r}.", errors={name: "Unknown parameter."},
            code="unknown_parameter",
        )  # fmt: skip
    if options.get("status", STATUSES[0]) not in STATUSES:
        raise Malformed(
            "There is no such status.", errors={"status": f"Send one of {', '.join(STATUSES)}."}
        )
    options["cursor"] = cursor_id(options.get("cursor"))
    options["limit"] = limit_of(options.get("limit"))
    return options


def cursor_id(text: str | None) -> UUID | None:
    """The id that a page ended with."""
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise Malformed(
            "The cursor is not one of this list.", errors={"cursor": "Use the next_cursor as it was."},
            code="bad_cursor",
        ) from error  # fmt: skip


def limit_of(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if (
        not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_LIMIT)))
        or not 1 <= int(text) <= MAX_LIMIT
    ):
        raise Malformed(
            f"limit must be from 1 to {MAX_LIMIT}.", errors={"limit": f"Send 1 to {MAX_LIMIT}."}
        )
    return int(text)


def _json(value: Any) -> Response:
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z, default=str)
    return Response(body, media_type="application/json")

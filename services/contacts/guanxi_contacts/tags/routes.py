"""Tags over HTTP, the same for each resource that has them."""

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.resources import RESOURCES
from guanxi_contacts.tags import service
from guanxi_contacts.tags.schemas import TagCounts, TagRename
from guanxi_shared import writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.documents import IDEMPOTENCY_KEY, operation, problems, query_parameter
from guanxi_shared.errors import Malformed
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.job_routes import JobRead, find_job, shown
from guanxi_shared.pages import MAX_LIMIT, query_pairs
from guanxi_shared.resources import Resource

router = APIRouter(tags=["tags"])


def _counts(resource: Resource) -> Any:
    async def list_tags(request: Request) -> Response:
        call = await begin(request, resource.permission("read"))
        prefix, limit = _asked(call)
        found = await service.count_tags(call, resource, prefix=prefix, limit=limit)
        return Response(orjson.dumps({"data": found}), media_type="application/json")

    return list_tags


def _renames(resource: Resource) -> Any:
    async def rename_tags(request: Request) -> Response:
        call = await begin(request, resource.permission("update"))
        raw = await call.body()
        data = writes.parse(TagRename, raw)

        async def work(connection: Connection) -> Answer:
            job_id = await service.start_renaming(call, connection, resource, data)
            job = await find_job(call, connection, job_id)
            body = orjson.dumps(shown(job), option=orjson.OPT_UTC_Z, default=str)
            return Answer(202, body, {"location": f"/v1/jobs/{job_id}"})

        return await answer_once(call, work, fingerprint_of=raw)

    return rename_tags


def _asked(call: Call) -> tuple[str, int]:
    given = dict(query_pairs(call.request.scope["query_string"]))
    if unknown := sorted(set(given) - {"prefix", "limit"}):
        raise Malformed(
            f"Tags do not take {unknown[0]!r}.",
            errors={unknown[0]: "Unknown parameter."},
            code="unknown_parameter",
        )
    limit, prefix = given.get("limit", "50"), given.get("prefix", "")
    if (
        not (limit.isascii() and limit.isdigit() and len(limit) <= len(str(MAX_LIMIT)))
        or not 1 <= int(limit) <= MAX_LIMIT
    ):
        raise Malformed(
            f"limit must be from 1 to {MAX_LIMIT}.", errors={"limit": f"Send 1 to {MAX_LIMIT}."}
        )
    if len(prefix) > 60 or "\x00" in prefix:
        raise Malformed("No tag begins so.", errors={"prefix": "Send at most 60 characters."})
    return prefix, int(limit)


for _resource in RESOURCES:
    router.add_api_route(
        f"/v1/{_resource.name}/tags",
        _counts(_resource),
        methods=["GET"],
        **operation(
            f"list_{_resource.noun}_tags",
            f"The tags of the {_resource.name} that one sees, the most used first",
            parameters=[
                query_parameter("prefix", "string", "What tags begin with.", maxLength=60),
                query_parameter("limit", "integer", "1 to 200", minimum=1, maximum=MAX_LIMIT),
            ],
            response_model=TagCounts,
            responses=problems(),
        ),
    )
    router.add_api_route(
        f"/v1/{_resource.name}/tags/rename",
        _renames(_resource),
        methods=["POST"],
        **operation(
            f"rename_{_resource.noun}_tags",
            f"One tag in place of others, on all {_resource.name} that one may change",
            parameters=[IDEMPOTENCY_KEY],
            body=TagRename,
            response_model=JobRead,
            status_code=202,
            responses=problems(409, 413, 415, 422),
        ),
    )

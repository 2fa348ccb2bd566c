"""`/v1/jobs`: whichever service knows a job's id answers for it; lists are put side by side."""

import asyncio
import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_gateway.callers import Caller
from guanxi_gateway.passage import Passage
from guanxi_gateway.peers import Answer, ask, ask_all
from guanxi_gateway.upstream import Upstream
from guanxi_shared.calls import begin
from guanxi_shared.documents import problems, query_parameter
from guanxi_shared.errors import Malformed, NotFound, Problem, Unavailable
from guanxi_shared.pages import DEFAULT_LIMIT, MAX_LIMIT, query_pairs

REMEMBERED = 10_000
SECONDS_FOR_A_SERVICE = 3.0
PASSED_ON = ("status", "kind", "sort")


class JobFinder:
    """Remembers which service a job belongs to; the service decides who may see it."""

    def __init__(self, peers: Mapping[str, Upstream]) -> None:
        self._peers = peers
        self._known: dict[bytes, Upstream] = {}

    async def __call__(self, passage: Passage, caller: Caller) -> Upstream:
        if len(self._peers) == 1:
            return next(iter(self._peers.values()))
        job_id = passage.raw_path.removeprefix(b"/v1/jobs/").partition(b"/")[0]
        known = self._known.get(job_id)
        if known is None:
            known = await self._find(job_id, caller)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[job_id] = known
        return known

    async def _find(self, job_id: bytes, caller: Caller) -> Upstream:
        answers = await ask_all(
            self._peers,
            f"/v1/jobs/{job_id.decode('latin-1')}",
            authorization=caller.authorization.decode(),
            seconds=SECONDS_FOR_A_SERVICE,
        )
        for name, found in answers.items():
            if isinstance(found, Answer) and found.is_success:
                return self._peers[name]
        away = [name for name, found in answers.items() if isinstance(found, Unavailable)]
        if away:
            raise Unavailable(f"The job may belong to a service that is away: {', '.join(away)}.")
        raise NotFound("There is no such job, or not for you.")


def jobs_router(peers: Mapping[str, Upstream]) -> APIRouter:
    router = APIRouter(tags=["jobs"])

    @router.get(
        "/v1/jobs",
        operation_id="list_jobs",
        summary="Imports, exports and other long work, the newest of each service first",
        response_class=Response,
        responses={200: {"description": "A page of jobs", "content": LISTED}, **problems()},
        openapi_extra={"parameters": PARAMETERS},
    )
    async def list_jobs(request: Request) -> Response:
        await begin(request, "jobs:read")
        options = dict(query_pairs(request.scope["query_string"]))
        page = await _list(peers, options, request.headers["authorization"])
        following = page["page"]["next_cursor"]
        headers = {}
        if following:
            url = request.url.replace(query="")
            url = url.include_query_params(**{**options, "cursor": following})
            headers["link"] = f'<{url}>; rel="next"'
        return Response(orjson.dumps(page), media_type="application/json", headers=headers)

    return router


LISTED = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["data", "page"],
            "properties": {
                "data": {"type": "array", "items": {"type": "object"}},
                "page": {"type": "object"},
            },
        }
    }
}
PARAMETERS = [
    query_parameter("limit", "integer", "At most this many jobs.", minimum=1, maximum=MAX_LIMIT),
    query_parameter("cursor", "string", "The `next_cursor` of the page before."),
    query_parameter("status", "string", "queued, running, done, failed or cancelled."),
    query_parameter("kind", "string", "For example `import`."),
]


async def _list(
    peers: Mapping[str, Upstream], options: Mapping[str, str], authorization: str
) -> dict[str, Any]:
    """Each service's next page, an even share of the limit, newest first within the whole page."""
    cursors = _cursors(options.get("cursor", ""), peers)
    share = max(_limit(options) // max(len(cursors), 1), 1)
    passed = {name: options[name] for name in PASSED_ON if name in options}

    async def one(name: str, cursor: str) -> Any:
        query = urlencode({"limit": share, **({"cursor": cursor} if cursor else {}), **passed})
        try:
            answer = await ask(
                peers[name],
                f"/v1/jobs?{query}",
                authorization=authorization,
                seconds=SECONDS_FOR_A_SERVICE,
            )
        except Unavailable as away:
            return away
        if answer.status == 400:
            raise Malformed(answer.sentence())
        return answer.json() if answer.is_success else {"data": [], "page": {}}

    found = await asyncio.gather(*(one(name, cursor) for name, cursor in cursors.items()))
    return _page(dict(zip(cursors, found, strict=True)), cursors)


def _page(found: Mapping[str, Any], cursors: Mapping[str, str]) -> dict[str, Any]:
    data: list[dict[str, Any]] = []
    following: dict[str, str] = {}
    away = []
    for name, page in found.items():
        if isinstance(page, Problem):
            away.append(name)
            following[name] = cursors[name]
            continue
        data += page["data"]
        if page["page"].get("next_cursor"):
            following[name] = page["page"]["next_cursor"]
    if away and len(away) == len(found):
        raise Unavailable(f"Away right now: {', '.join(away)}.")
    data.sort(key=lambda job: str(job.get("created_at", "")), reverse=True)
    more = bool(set(following) - set(away))
    cursor = base64.urlsafe_b64encode(orjson.dumps(following)).decode() if more else None
    page = {"next_cursor": cursor, "has_more": more, "total": None}
    return {"data": data, "page": page, **({"unavailable": away} if away else {})}


def _cursors(text: str, peers: Mapping[str, Upstream]) -> dict[str, str]:
    """Services that still have jobs to list, and where each goes on."""
    if not text:
        return dict.fromkeys(peers, "")
    try:
        found = orjson.loads(base64.b64decode(text, altchars=b"-_", validate=True))
        return {name: str(found[name]) for name in peers if name in found}
    except (ValueError, TypeError, binascii.Error) as error:
        raise Malformed("The cursor is not one of this list.", code="bad_cursor") from error


def _limit(options: Mapping[str, str]) -> int:
    unknown = sorted(set(options) - {"limit", "cursor", *PASSED_ON})
    if unknown:
        sentence = f"The list of jobs does not take {unknown[0]!r}."
        raise Malformed(
            sentence, errors={unknown[0]: "Unknown parameter."}, code="unknown_parameter"
        )
    text = options.get("limit", str(DEFAULT_LIMIT))
    if not text.isdigit() or not 1 <= int(text) <= MAX_LIMIT:
        sentence = f"limit must be from 1 to {MAX_LIMIT}."
        raise Malformed(sentence, errors={"limit": sentence})
    return int(text)

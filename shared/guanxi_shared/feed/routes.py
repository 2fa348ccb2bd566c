"""The feed over HTTP: CloudEvents for people, raw rows for peers, a snapshot to start from."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter
from sqlalchemy import MetaData
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from guanxi_shared import reads
from guanxi_shared.calls import Call, House, begin, begin_internal, house
from guanxi_shared.documents import answers, query_parameter
from guanxi_shared.edge import hot
from guanxi_shared.errors import Malformed
from guanxi_shared.feed.audience import Audience, read_visible
from guanxi_shared.feed.cursor import Cursor
from guanxi_shared.feed.naming import events_of_seen, rows_of_seen
from guanxi_shared.json_answers import JSON_OPTIONS
from guanxi_shared.pages import MAX_LIMIT, ListQuery, Sort, query_pairs
from guanxi_shared.resources import Resource

MAX_EVENTS = 1_000
MAX_NEWS = 5_000
MAX_WAIT_SECONDS = 25.0
BATCH_TYPE = "application/cloudevents-batch+json"


def feed_router(service: str, metadata: MetaData, resources: Sequence[Resource]) -> APIRouter:
    """`/v1/events`, `/v1/{service}/snapshot` and the peers' `/internal/events`."""
    router = APIRouter(tags=["events"])

    @router.get(
        "/v1/events",
        operation_id="list_events",
        summary="Every change you may see, in order, from a cursor on",
        response_class=Response,
        responses=answers(
            200,
            {"content": {BATCH_TYPE: {"schema": {"type": "array", "items": {"type": "object"}}}}},
            refused=(400, 410),
        ),
        openapi_extra={"parameters": EVENT_PARAMETERS},
    )
    async def list_events(request: Request) -> Response:
        call = await begin(request, "events:read")
        return await _list_events(call, metadata, resources)

    @router.post(
        f"/v1/{service}/snapshot",
        operation_id=f"snapshot_{service}",
        summary="The whole present state you may see as NDJSON; the first line holds the cursor",
        response_class=Response,
        responses=answers(
            200, {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}, refused=()
        ),
    )
    async def snapshot(request: Request) -> Response:
        call = await begin(request, "events:read")
        await call.house.feed.number()
        cursor = await call.house.feed.head()
        body = _snapshot(call, f"{service}:{cursor}", resources)
        return StreamingResponse(body, media_type="application/x-ndjson")

    @router.get("/internal/events", include_in_schema=False)
    @hot
    async def internal_events(request: Request) -> Response:
        await begin_internal(request)
        return await _internal(house(request), dict(query_pairs(request.scope["query_string"])))

    @router.get("/internal/news", include_in_schema=False)
    @hot
    async def internal_news(request: Request) -> Response:
        await begin_internal(request)
        return await _news(house(request), dict(query_pairs(request.scope["query_string"])))

    return router


EVENT_PARAMETERS = [
    query_parameter(
        "after", "string", "The cursor of the answer before; none starts at the beginning."
    ),
    query_parameter("types", "string", "Patterns with commas between, e.g. `*.created`."),
    query_parameter(
        "limit", "integer", f"At most this many events, up to {MAX_EVENTS}; 500 if absent."
    ),
    query_parameter("wait", "number", "Seconds to wait for the first event, up to 25."),
]


async def _list_events(call: Call, metadata: MetaData, resources: Sequence[Resource]) -> Response:
    options = dict(query_pairs(call.request.scope["query_string"]))
    after, types, limit, wait = _options(options)
    feed = call.house.feed
    cursor = await feed.checked(after)
    readable = [r for r in resources if call.by.may(r.permission("read"))]
    audience = Audience(tuple([(r.noun, await call.scope_of(r)) for r in readable]))
    deadline = time.monotonic() + wait
    while True:
        changed = feed.bell.changed
        await feed.number()
        head = await feed.head()
        rows = await read_visible(
            call.db, metadata, call.organisation, audience, after=cursor.position, types=types, limit=limit
        )  # fmt: skip
        left = deadline - time.monotonic()
        if rows or left <= 0 or not readable or feed.bell.is_stopping:
            break
        await feed.woken(changed, left)
    reached = rows[-1]["position"] if rows else 0
    position = reached if len(rows) == limit else max(reached, head.position, cursor.position)
    told = await events_of_seen(call, [dict(row) for row in rows], resources)
    return _batch(call, told, str(Cursor(head.epoch, position)), options)


def _batch(call: Call, rows: Sequence[Any], cursor: str, options: Mapping[str, str]) -> Response:
    events = [cloud_event(call.house.name, row) for row in rows]
    url = call.request.url.replace(query="").include_query_params(**{**options, "after": cursor})
    headers = {"x-next-after": cursor, "link": f'<{url.path}?{url.query}>; rel="next"'}
    return Response(
        orjson.dumps(events, option=orjson.OPT_UTC_Z), media_type=BATCH_TYPE, headers=headers
    )


def cloud_event(service: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A log row as a CloudEvents 1.0 event; `sequence` is its position in the feed."""
    return {
        "specversion": "1.0",
        "id": str(row["id"]),
        "source": f"/guanxi/{service}",
        "type": row["type"],
        "subject": f"{row['subject_type']}/{row['subject_id']}",
        "time": row["occurred_at"],
        "datacontenttype": "application/json",
        "sequence": f"{row['position']:020d}",
        "organisationid": str(row["organisation_id"]),
        "data": {
            "id": str(row["subject_id"]),
            "version": row["version"],
            "changed": row["changed"],
            "before": _fragment(row["before"]),
            "state": _fragment(row["after"]),
            "actor_id": str(row["actor_id"]) if row["actor_id"] else None,
            "actor_kind": row["actor_kind"],
            "channel": row["channel"],
        },
    }


def _fragment(text: str | None) -> orjson.Fragment | None:
    return None if text is None else orjson.Fragment(text)


def _options(options: Mapping[str, str]) -> tuple[Cursor, list[str], int, float]:
    unknown = set(options) - {"after", "types", "limit", "wait"}
    if unknown:
        name = sorted(unknown)[0]
        raise Malformed(
            f"The feed does not take {name!r}.",
            errors={name: "Unknown parameter."},
            code="unknown_parameter",
        )
    types = [part for part in options.get("types", "").split(",") if part]
    limit = bounded(options, "limit", 500, 1, MAX_EVENTS)
    wait = bounded(options, "wait", 0, 0, MAX_WAIT_SECONDS)
    return Cursor.parse(options.get("after")), types, int(limit), wait


def bounded(
    options: Mapping[str, str], name: str, default: float, low: float, high: float
) -> float:
    """A number of the query, from `low` to `high`; Malformed, naming the parameter, for anything else."""
    try:
        value = float(options.get(name, default))
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise Malformed(
            f"{name} must be from {low:g} to {high:g}.", errors={name: f"Send {low:g} to {high:g}."}
        )
    return value


async def _snapshot(call: Call, cursor: str, resources: Sequence[Resource]) -> AsyncIterator[bytes]:
    """Page by page in key order; what changes meanwhile is in the feed behind the cursor."""
    service = call.house.name
    yield orjson.dumps({"cursor": cursor}) + b"\n"
    for resource in resources:
        if not call.by.may(resource.permission("read")) or "deleted_at" not in resource.table.c:
            continue
        async for page in pages_of(call, resource):
            rows = await rows_of_seen(call, page, resource, resources)
            yield b"".join(
                orjson.dumps(
                    {"service": service, "type": resource.noun, "record": row},
                    option=JSON_OPTIONS,
                )
                + b"\n"
                for row in rows
            )


async def pages_of(call: Call, resource: Resource) -> AsyncIterator[list[reads.Row]]:
    """Every visible record of a resource, a page of 200 at a time, by id."""
    fields = resource.fields
    after: tuple[Any, ...] | None = None
    while True:
        sorts = (Sort(fields["id"], False),)
        query = ListQuery(resource.shown, (), sorts, None, MAX_LIMIT, after, False, ())
        rows, following, _ = await reads.page_of(call, resource, query)
        if rows:
            yield rows
        if following is None:
            return
        after = (UUID(rows[-1]["id"]),)


async def _internal(here: House, options: Mapping[str, str]) -> Response:
    epoch = UUID(options["epoch"]) if options.get("epoch") else None
    head = await here.feed.head()
    position = int(options.get("after", 0)) if epoch in (None, head.epoch) else 0
    types = [part for part in options.get("types", "").split(",") if part]
    limit = min(int(options.get("limit", 500)), MAX_EVENTS)
    if (organisation := options.get("organisation")) is not None:
        rows, end = await here.feed.read_organisation(
            UUID(organisation), position, types=types, limit=limit
        )
        reached = Cursor(head.epoch, end)
    else:
        rows, reached = await here.feed.read_all(
            Cursor(head.epoch, position), types=types, limit=limit,
            wait=min(float(options.get("wait", 0)), MAX_WAIT_SECONDS),
        )  # fmt: skip
    body = {
        "epoch": str(head.epoch), "head": head.position, "reached": reached.position,
        "events": [here.feed.recent.printed(row) for row in rows],
    }  # fmt: skip
    return Response(orjson.dumps(body), media_type="application/json")


async def _news(here: House, options: Mapping[str, str]) -> Response:
    """Whose events there are behind a position; without one, or with one of a feed before a restore, only
    where the feed ends."""
    head = await here.feed.head()
    if options.get("epoch") == str(head.epoch):
        whose, reached = await here.feed.news(
            Cursor(head.epoch, int(options.get("after", 0))), limit=MAX_NEWS,
            wait=min(float(options.get("wait", 0)), MAX_WAIT_SECONDS),
        )  # fmt: skip
    else:
        await here.feed.number()
        whose, reached = [], await here.feed.head()
    body = {
        "epoch": str(head.epoch),
        "reached": reached.position,
        "organisations": list(map(str, whose)),
    }
    return Response(orjson.dumps(body), media_type="application/json")

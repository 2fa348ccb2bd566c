"""Calendar feeds over HTTP; the feed itself is read without a token."""

import hashlib

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.calendar_feeds import service
from guanxi_contacts.calendar_feeds.resources import CALENDAR_FEEDS
from guanxi_contacts.calendar_feeds.schemas import CalendarFeedCreate, CalendarFeedMade
from guanxi_shared import documents, reads, writes
from guanxi_shared.calls import Call, begin, house
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import State

router = APIRouter(tags=["calendar"])
PATH = "/v1/calendar/feeds"
ICS_TYPE = "text/calendar; charset=utf-8"
SECRET = {"name": "secret", "in": "path", "required": True, "schema": {"type": "string"}}
MADE = documents.creates(CALENDAR_FEEDS, CalendarFeedCreate, then=("delete",))


@router.get(
    PATH,
    **documents.operation(
        "list_calendar_feeds",
        "The calendar feeds that are open; their secrets are not shown again",
        parameters=documents.list_parameters(CALENDAR_FEEDS),
        response_model=documents.page_model(CALENDAR_FEEDS),
        responses=documents.problems(),
    ),
)
async def list_calendar_feeds(request: Request) -> Response:
    return await reads.list_records(await begin(request, "calendar:read"), CALENDAR_FEEDS)


@router.post(PATH, **(MADE | {"response_model": CalendarFeedMade}))
async def create_calendar_feed(request: Request) -> Response:
    call = await begin(request, "calendar:create")
    call.by.demand("calendar:read")
    call.by.demand("activities:read")
    made: list[str] = []

    async def work(call: Call, connection: Connection, data: CalendarFeedCreate) -> State:
        secret = service.new_secret(call.organisation)
        state = await service.create_feed(call, connection, data, secret)
        made.append(secret)
        return state

    response = await writes.create(call, CALENDAR_FEEDS, CalendarFeedCreate, work, path=PATH)
    return _with_url(response, made[0] if made and response.status_code == 201 else None)


def _with_url(response: Response, secret: str | None) -> Response:
    """The secret is added after the answer was stored for repetition, which gets null: a table of
    stored answers must not become a table of secrets."""
    url = None if secret is None else f"{PATH}/{secret}.ics"
    body = orjson.dumps({**orjson.loads(bytes(response.body)), "url": url})
    headers = {k: v for k, v in response.headers.items() if k.lower() != "content-length"}
    headers["cache-control"] = "no-store"
    return Response(body, response.status_code, headers)


@router.get(
    PATH + "/{secret}.ics",
    operation_id="get_calendar_feed_file",
    summary="The calendar as iCalendar, for whoever knows the secret",
    openapi_extra={"parameters": [SECRET, documents.IF_NONE_MATCH], "security": []},
    response_class=Response,
    responses={
        200: {
            "description": "A calendar",
            "content": {"text/calendar": {"schema": {"type": "string"}}},
        },
        304: {"description": "You have this version."},
        **documents.problems(404),
    },
)
async def get_calendar_feed_file(request: Request) -> Response:
    here = house(request)
    feed = await service.find_feed(here, request.path_params["secret"])
    body = await service.read_feed(here, feed)
    headers = {
        "etag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "cache-control": "private, no-cache",
        "content-disposition": 'inline; filename="guanxi.ics"',
    }
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=ICS_TYPE, headers=headers)


@router.get(PATH + "/{calendar_feed_id}", **documents.gets(CALENDAR_FEEDS, has_past=False))
async def get_calendar_feed(request: Request) -> Response:
    call = await begin(request, "calendar:read")
    return await reads.get_record(call, CALENDAR_FEEDS, request.path_params["calendar_feed_id"])


@router.post(
    PATH + "/{calendar_feed_id}/rotate",
    **(
        documents.acts(
            CALENDAR_FEEDS, "rotate", "Another address for the same feed; the old one shows nothing"
        )
        | {"response_model": CalendarFeedMade}
    ),
)
async def rotate_calendar_feed(request: Request) -> Response:
    call = await begin(request, "calendar:create")
    for permission in ("calendar:read", "activities:read"):
        call.by.demand(permission)
    feed_id = id_in_path(request.path_params["calendar_feed_id"])
    version = writes.wanted_version(call)
    made: list[str] = []

    async def work(connection: Connection) -> State:
        secret = service.new_secret(call.organisation)
        state = await service.rotate_feed(call, connection, feed_id, version, secret)
        made.append(secret)
        return state

    response = await writes.act(call, work)
    is_new = made and "idempotent-replayed" not in response.headers
    return _with_url(response, made[0] if is_new else None)


@router.delete(
    PATH + "/{calendar_feed_id}",
    **documents.acts(
        CALENDAR_FEEDS, "delete", "Revoke: the address shows nothing from now on", takes_key=False
    ),
)
async def delete_calendar_feed(request: Request) -> Response:
    call = await begin(request, "calendar:delete")
    feed_id = id_in_path(request.path_params["calendar_feed_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.revoke_feed(call, connection, feed_id, version)
    )

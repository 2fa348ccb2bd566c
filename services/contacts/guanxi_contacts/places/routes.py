"""Places over HTTP. Listed before accounts: `nearby` is no account's id."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.places import service
from guanxi_contacts.places.asked import NOT_HERE, asked_nearby
from guanxi_contacts.places.day import route_of_day
from guanxi_contacts.places.day_asked import PLACES, asked_day
from guanxi_contacts.places.queries import read_nearby
from guanxi_contacts.places.rules import FARTHEST_M
from guanxi_contacts.places.schemas import NearbyPage, RouteRead, RouteRequest
from guanxi_contacts.resources import ACCOUNTS
from guanxi_shared import documents, writes
from guanxi_shared.calls import begin
from guanxi_shared.records import state_bytes

router = APIRouter(tags=["accounts"])
calendar_router = APIRouter(tags=["calendar"])
CIRCLE = [
    documents.query_parameter("lat", "number", "Latitude in degrees.", minimum=-90, maximum=90),
    documents.query_parameter("lon", "number", "Longitude in degrees.", minimum=-180, maximum=180),
    documents.query_parameter(
        "radius_m", "number", "Metres, 5000 if absent.", minimum=1, maximum=int(FARTHEST_M)
    ),
]
LISTED = [p for p in documents.list_parameters(ACCOUNTS) if p["name"] not in NOT_HERE]


@router.get(
    "/v1/accounts/nearby",
    **documents.operation(
        "list_accounts_nearby",
        "Accounts around a point, nearest first; filtered like the list",
        parameters=[*(p | {"required": p["name"] != "radius_m"} for p in CIRCLE), *LISTED],
        response_model=NearbyPage,
        responses=documents.problems(),
    ),
)
async def list_accounts_nearby(request: Request) -> Response:
    call = await begin(request, "accounts:read")
    found = await read_nearby(call, await asked_nearby(call))
    return Response(state_bytes(found), media_type="application/json")


@router.post(
    "/v1/accounts/route",
    **documents.operation(
        "plan_route",
        "A sensible order of a day's stops, with legs and total distance; nothing is stored",
        body=RouteRequest,
        response_model=RouteRead,
        responses=documents.problems(413, 415, 422),
    ),
)
async def plan_route(request: Request) -> Response:
    call = await begin(request, "accounts:read")
    route = await service.plan_route(call, writes.parse(RouteRequest, await call.body()))
    return Response(state_bytes(route), media_type="application/json")


DAY = [
    documents.query_parameter("day", "string", "Today if absent.", format="date"),
    documents.query_parameter("user_id", "string", "You if absent.", format="uuid"),
    *(
        documents.query_parameter(
            name, "number", "Where the day begins or ends, in degrees.",
            minimum=-90 if name.endswith("lat") else -180, maximum=90 if name.endswith("lat") else 180,
        )
        for name in PLACES
    ),
    documents.query_parameter(
        "keep_times", "boolean", "Planned times are appointments (default); false: the shortest way."
    ),
    documents.query_parameter("open_only", "boolean", "Only visits that nobody has arrived at."),
]  # fmt: skip


@calendar_router.get(
    "/v1/calendar/route",
    **documents.operation(
        "get_calendar_route",
        "The visits of somebody's day in a sensible order, with legs and total distance",
        parameters=DAY,
        response_model=RouteRead,
        responses=documents.problems(404, 422),
    ),
)
async def get_calendar_route(request: Request) -> Response:
    call = await begin(request, "calendar:read")
    call.by.demand("activities:read")
    call.by.demand("accounts:read")
    route = await route_of_day(call, asked_day(call))
    return Response(state_bytes(route), media_type="application/json")

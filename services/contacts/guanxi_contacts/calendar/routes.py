"""The calendar over HTTP."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.calendar import asking, service
from guanxi_contacts.calendar.schemas import Calendar, FreeBusy
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.documents import operation, problems, query_parameter
from guanxi_shared.errors import Malformed

router = APIRouter(tags=["calendar"])
PATH = "/v1/calendar"
SPAN = [
    query_parameter("from", "string", "A time, or `today`, `-7d`.") | {"required": True},
    query_parameter("to", "string", "At most 366 days later; what begins then is left out.")
    | {"required": True},
]


@router.get(
    PATH,
    **operation(
        "get_calendar",
        "What happens in a time: everything planned or done that you may see, series unfolded",
        parameters=[
            *SPAN,
            query_parameter("user_id", "string", "Whose; your own if absent.", format="uuid"),
            query_parameter(
                "team_id", "string", "A team's: its members' and its own.", format="uuid"
            ),
        ],
        response_model=Calendar,
        responses=problems(404),
    ),
)
async def get_calendar(request: Request) -> Response:
    call = await begin(request, "calendar:read")
    call.by.demand("activities:read")
    options = asking.options_of(call, ("from", "to", "user_id", "team_id"))
    if {"user_id", "team_id"} <= set(options):
        raise Malformed(
            "Ask for a person or for a team.", errors={"team_id": "Not beside user_id."}
        )
    span = asking.span_of(call, options)
    ids = {name: asking.id_of(call, name, options[name]) for name in options if "_id" in name}
    whose = await service.whose_calendar(call, user=ids.get("user_id"), team=ids.get("team_id"))
    found = await service.read_calendar(
        call.db, call.organisation, span, whose=whose, scope=await call.scope("activities")
    )
    return _answer([service.item(each) for each in found])


@router.get(
    PATH + "/free-busy",
    **operation(
        "get_free_busy",
        "When people are busy, without a word about what they do",
        parameters=[
            *SPAN,
            query_parameter("user_ids", "string", "1 to 50 ids with commas between.")
            | {"required": True},
        ],
        response_model=FreeBusy,
        responses=documents.problems(404),
    ),
)
async def get_free_busy(request: Request) -> Response:
    call = await begin(request, "calendar:read")
    options = asking.options_of(call, ("from", "to", "user_ids"))
    span, users = asking.span_of(call, options), asking.ids_of(call, options, "user_ids")
    await service.demand_users(call.db, call.organisation, users)
    taken = await service.read_busy(call.db, call.organisation, span, users=users)
    return _answer([{"user_id": user, "busy": taken[user]} for user in users])


def _answer(data: list[dict[str, object]]) -> Response:
    body = orjson.dumps({"data": data}, option=orjson.OPT_UTC_Z, default=str)
    return Response(body, media_type="application/json")

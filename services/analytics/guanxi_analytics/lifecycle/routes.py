"""Lifecycle moves over HTTP."""

from datetime import timedelta

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.lifecycle.reading import read_lifecycle
from guanxi_analytics.lifecycle.schemas import Lifecycle
from guanxi_shared import documents, parameters
from guanxi_shared.calls import begin
from guanxi_shared.errors import Malformed
from guanxi_shared.reads import JSON_OPTIONS

router = APIRouter(tags=["analytics"])
DAY = timedelta(days=1)


@router.get(
    "/v1/analytics/lifecycle",
    **documents.operation(
        "get_lifecycle",
        "From which lifecycle stage customers moved to which, and how many stand in each",
        parameters=[
            documents.query_parameter("from", "string", "The first day; a year ago, if absent."),
            documents.query_parameter(
                "until", "string", "The first day that no longer counts; tomorrow, if absent."
            ),
        ],
        response_model=Lifecycle,
        responses=documents.problems(),
    ),
)
async def get_lifecycle(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    sent, today = parameters.parameters_of(call, ("from", "until")), call.clock.today
    first = parameters.day_of(call, sent, "from", today - 365 * DAY)
    until = parameters.day_of(call, sent, "until", today + DAY)
    assert first is not None
    assert until is not None
    if first >= until:
        raise Malformed(
            "The period ends before it begins.", errors={"until": "Send a day after from."}
        )
    found = await read_lifecycle(call, first, until)
    return Response(orjson.dumps(found, option=JSON_OPTIONS), media_type="application/json")

"""Cohorts over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.cohorts.reading import read_cohorts
from guanxi_analytics.cohorts.schemas import Cohorts
from guanxi_analytics.cohorts.statements import PERIODS
from guanxi_shared import documents, parameters
from guanxi_shared.calls import begin
from guanxi_shared.errors import Malformed
from guanxi_shared.json_answers import json_response

router = APIRouter(tags=["analytics"])
PARAMETERS = [
    documents.query_parameter("period", "string", "quarter, if absent.", enum=list(PERIODS)),
    documents.query_parameter("until", "string", "The last day that counts; today, if absent."),
    documents.query_parameter("as_of", "string", "As it was known at a past moment."),
]


@router.get(
    "/v1/analytics/cohorts",
    **documents.operation(
        "list_cohorts",
        "Customers by when they first bought: how many came again in each period since, and what they spent",
        parameters=PARAMETERS,
        response_model=Cohorts,
        responses=documents.problems(),
    ),
)
async def list_cohorts(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    sent = parameters.parameters_of(call, ("period", "until", "as_of"))
    period = sent.get("period", "quarter")
    if period not in PERIODS:
        raise Malformed(
            "There is no such period.", errors={"period": f"Send one of: {', '.join(PERIODS)}."}
        )
    until = parameters.day_of(call, sent, "until", call.clock.today)
    assert until is not None
    found = await read_cohorts(call, period, until, sent.get("as_of"))
    return json_response(found)

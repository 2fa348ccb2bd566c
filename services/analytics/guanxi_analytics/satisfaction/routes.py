"""Satisfaction over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.periods import PERIOD, period_of
from guanxi_analytics.satisfaction.reading import read_satisfaction
from guanxi_analytics.satisfaction.schemas import Satisfaction
from guanxi_shared import documents, parameters
from guanxi_shared.calls import begin
from guanxi_shared.json_answers import json_response

router = APIRouter(tags=["analytics"])
AS_OF = documents.query_parameter("as_of", "string", "As it was known at a past moment.")


@router.get(
    "/v1/analytics/satisfaction",
    **documents.operation(
        "get_satisfaction",
        "CSAT, NPS, CES, gaps and Kano categories of the answers that the caller sees, and customers by loyalty type",
        parameters=[*PERIOD, AS_OF],
        response_model=Satisfaction,
        responses=documents.problems(422),
    ),
)
async def get_satisfaction(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    sent = parameters.parameters_of(call, ("from", "until", "as_of"))
    found = await read_satisfaction(call, *period_of(call, sent), sent.get("as_of"))
    return json_response(found)

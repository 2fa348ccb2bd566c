"""Lifecycle moves over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.lifecycle.reading import read_lifecycle
from guanxi_analytics.lifecycle.schemas import Lifecycle
from guanxi_analytics.periods import PERIOD, period_of
from guanxi_shared import documents, parameters
from guanxi_shared.calls import begin
from guanxi_shared.json_answers import json_response

router = APIRouter(tags=["analytics"])


@router.get(
    "/v1/analytics/lifecycle",
    **documents.operation(
        "get_lifecycle",
        "From which lifecycle stage customers moved to which, and how many stand in each",
        parameters=PERIOD,
        response_model=Lifecycle,
        responses=documents.problems(),
    ),
)
async def get_lifecycle(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    first, until = period_of(call, parameters.parameters_of(call, ("from", "until")))
    found = await read_lifecycle(call, first, until)
    return json_response(found)

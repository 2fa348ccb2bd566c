"""Forecasts over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.forecasts.accuracy import (
    asked_of_accuracy,
    parameters_of_accuracy,
    read_accuracy,
)
from guanxi_pipeline.forecasts.asked import asked_of, parameters
from guanxi_pipeline.forecasts.schemas import Accuracy, Forecast
from guanxi_pipeline.forecasts.service import read_forecast
from guanxi_pipeline.opportunities.stays import as_json
from guanxi_shared import documents
from guanxi_shared.calls import begin

router = APIRouter(tags=["forecasts"])
PATH = "/v1/forecasts"


@router.get(
    PATH,
    **documents.operation(
        "get_forecast",
        "What was won in a period, what may still be, and what it is held against",
        parameters=parameters(),
        response_model=Forecast,
        responses=documents.problems(404, 422),
    ),
)
async def get_forecast(request: Request) -> Response:
    call = await begin(request, "forecasts:read")
    found = await read_forecast(call, asked_of(call))
    return Response(as_json(found), media_type="application/json")


@router.get(
    PATH + "/accuracy",
    **documents.operation(
        "get_forecast_accuracy",
        "What was forecast of finished periods, what came of them, and how far off that was",
        parameters=parameters_of_accuracy(),
        response_model=Accuracy,
        responses=documents.problems(422),
    ),
)
async def get_forecast_accuracy(request: Request) -> Response:
    call = await begin(request, "forecasts:read")
    found = await read_accuracy(call, *asked_of_accuracy(call))
    return Response(as_json(found), media_type="application/json")

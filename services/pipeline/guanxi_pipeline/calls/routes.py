"""Submitted forecasts over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.calls import service
from guanxi_pipeline.calls.resources import FORECASTS
from guanxi_pipeline.calls.schemas import CallAdjust, CallRead, CallSubmit, ForecastCalls
from guanxi_pipeline.forecasts.asked import parameters
from guanxi_pipeline.opportunities.stays import as_json
from guanxi_shared import documents, history, writes
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["forecasts"])
PATH = "/v1/forecasts/calls"
ONE = PATH + "/{forecast_id}"


@router.get(
    PATH,
    **documents.operation(
        "list_forecast_calls",
        "The newest call of everybody whom you see, and what they sum to",
        parameters=parameters(service.NAMES),
        response_model=ForecastCalls,
        responses=documents.problems(422),
    ),
)
async def list_forecast_calls(request: Request) -> Response:
    call = await begin(request, "forecasts:read")
    return Response(as_json(await service.read_calls(call)), media_type="application/json")


@router.post(
    PATH,
    **documents.operation(
        "submit_forecast_call",
        "Say what you will win in a period; said again, it is the newest",
        parameters=[documents.IDEMPOTENCY_KEY],
        body=CallSubmit,
        response_model=CallRead,
        responses=documents.problems(409, 413, 415, 422),
    ),
)
async def submit_forecast_call(request: Request) -> Response:
    call = await begin(request, "forecasts:create")
    raw = await call.body()
    data = writes.parse(CallSubmit, raw)
    return await writes.act(
        call, lambda connection: service.submit_call(call, connection, data), raw=raw
    )


@router.put(
    ONE + "/adjust",
    **documents.operation(
        "adjust_forecast_call",
        "What you, who lead the person, make of their call; it stands beside it",
        parameters=[documents.path_id("forecast_id")],
        body=CallAdjust,
        response_model=CallRead,
        responses=documents.problems(404, 409, 413, 415, 422),
    ),
)
async def adjust_forecast_call(request: Request) -> Response:
    call = await begin(request, "forecasts:update")
    call_id = id_in_path(request.path_params["forecast_id"])
    raw = await call.body()
    data = writes.parse(CallAdjust, raw)
    return await writes.act(
        call, lambda connection: service.adjust_call(call, connection, call_id, data), raw=raw
    )


@router.get(ONE + "/history", **documents.histories(FORECASTS))
async def get_forecast_history(request: Request) -> Response:
    call = await begin(request, "forecasts:read")
    return await history.get_history(call, FORECASTS, request.path_params["forecast_id"])

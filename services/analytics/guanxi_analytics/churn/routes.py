"""Who may be leaving, who has left, whom to win back, over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.churn.asked import CHURN, WIN_BACK, churn_asked, win_back_asked
from guanxi_analytics.churn.reading import read_churn, read_win_back
from guanxi_analytics.churn.schemas import Churn, WinBack
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.json_answers import json_response

router = APIRouter(tags=["analytics"])


@router.get(
    "/v1/analytics/churn",
    **documents.operation(
        "list_churn",
        "Customers who may be leaving, or have left: why, since when, and how well such lists were aimed in the past",
        parameters=CHURN,
        response_model=Churn,
        responses=documents.problems(),
    ),
)
async def list_churn(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    return json_response(await read_churn(call, churn_asked(call)))


@router.get(
    "/v1/analytics/win-back",
    **documents.operation(
        "list_win_back",
        "Customers who are rather gone than not, by what winning them back is expected to bring",
        parameters=WIN_BACK,
        response_model=WinBack,
        responses=documents.problems(),
    ),
)
async def list_win_back(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    return json_response(await read_win_back(call, win_back_asked(call)))

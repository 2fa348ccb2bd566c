"""One customer over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.customers.asked import PARAMETERS, guesses_of
from guanxi_analytics.customers.overview import read_customer
from guanxi_analytics.customers.schemas import Customer
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import json_response

router = APIRouter(tags=["analytics"])


@router.get(
    "/v1/analytics/customers/{account_id}",
    **documents.operation(
        "get_customer_analytics",
        "One customer: what they bought, scores, what is expected and why, what would change it, contracts, satisfaction, what to do next",
        parameters=[documents.path_id("account_id"), *PARAMETERS],
        response_model=Customer,
        responses=documents.problems(404),
    ),
)
async def get_customer(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    id = id_in_path(request.path_params["account_id"])
    found = await read_customer(call, id, guesses_of(call))
    return json_response(found)

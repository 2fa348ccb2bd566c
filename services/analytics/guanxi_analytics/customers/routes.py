"""One customer over HTTP."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.customers.reading import read_customer
from guanxi_analytics.customers.schemas import Customer
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.reads import JSON_OPTIONS

router = APIRouter(tags=["analytics"])


@router.get(
    "/v1/analytics/customers/{account_id}",
    **documents.operation(
        "get_customer_analytics",
        "What a customer bought, and their recency, frequency and money scores among all customers",
        parameters=[documents.path_id("account_id")],
        response_model=Customer,
        responses=documents.problems(404),
    ),
)
async def get_customer(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    found = await read_customer(call, id_in_path(request.path_params["account_id"]))
    return Response(orjson.dumps(found, option=JSON_OPTIONS), media_type="application/json")

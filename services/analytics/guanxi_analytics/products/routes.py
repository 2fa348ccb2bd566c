"""Products over HTTP: what goes together, what comes next, what goes along with coming back."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.churn.asked import PAGED
from guanxi_analytics.products.asked import AFFINITY, affinity_asked, page_asked
from guanxi_analytics.products.reading import (
    read_affinity,
    read_next_products,
    read_product_retention,
)
from guanxi_analytics.products.schemas import Affinity, NextProducts, ProductRetention
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import json_response

router = APIRouter(tags=["analytics"])


@router.get(
    "/v1/analytics/affinity",
    **documents.operation(
        "list_affinity",
        "Products that are bought together more often than by chance: support, confidence, lift, leverage by whole counts",
        parameters=AFFINITY,
        response_model=Affinity,
        responses=documents.problems(),
    ),
)
async def list_affinity(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    call.by.demand("orders:read")
    return json_response(await read_affinity(call, affinity_asked(call)))


@router.get(
    "/v1/analytics/product-retention",
    **documents.operation(
        "list_product_retention",
        "Products whose buyers came back more often, or less, than others: an association, with intervals",
        parameters=PAGED,
        response_model=ProductRetention,
        responses=documents.problems(),
    ),
)
async def list_product_retention(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    call.by.demand("orders:read")
    return json_response(await read_product_retention(call, *page_asked(call)))


@router.get(
    "/v1/analytics/customers/{account_id}/next-products",
    **documents.operation(
        "list_next_products",
        "What a customer may buy next, and because of what; by what is bought most where pairs were no better",
        parameters=[documents.path_id("account_id")],
        response_model=NextProducts,
        responses=documents.problems(404),
    ),
)
async def list_next_products(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    id = id_in_path(request.path_params["account_id"])
    return json_response(await read_next_products(call, id))

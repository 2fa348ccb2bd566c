"""Purchases over HTTP."""

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.purchases import service
from guanxi_pipeline.purchases.asked import OF_ACCOUNT, OF_ALL, asked_of, parameters
from guanxi_pipeline.purchases.schemas import AccountPurchases, GroupedPurchases, Purchases
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["purchases"])


@router.get(
    "/v1/accounts/{account_id}/purchases",
    **documents.operation(
        "get_account_purchases",
        "What an account bought, period by period, with the change on the one before and on last year",
        parameters=[documents.path_id("account_id"), *parameters(OF_ACCOUNT)],
        response_model=AccountPurchases,
        responses=documents.problems(404, 422),
    ),
)
async def get_account_purchases(request: Request) -> Response:
    call = await begin(request, "orders:read")
    account_id = id_in_path(request.path_params["account_id"])
    return _answer(await service.purchases_of_account(call, account_id, asked_of(call, OF_ACCOUNT)))


@router.get(
    "/v1/orders/purchases",
    **documents.operation(
        "get_purchases",
        "What was bought by all visible orders, period by period, whole or by product, account or owner",
        parameters=parameters(OF_ALL),
        response_model=Purchases | GroupedPurchases,
        responses=documents.problems(422),
    ),
)
async def get_purchases(request: Request) -> Response:
    call = await begin(request, "orders:read")
    asked = asked_of(call, OF_ALL)
    read = service.purchases if asked.group == "none" else service.grouped_purchases
    return _answer(await read(call, asked))


def _answer(found: dict[str, Any]) -> Response:
    return Response(orjson.dumps(found), media_type="application/json")

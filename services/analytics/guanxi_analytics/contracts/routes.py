"""Service contracts over HTTP: who stays, and how surely that is told."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.contracts.asked import RENEWALS, RETENTION, renewals_asked, retention_asked
from guanxi_analytics.contracts.reading import read_renewals, read_retention
from guanxi_analytics.contracts.schemas import ContractRenewals, ContractRetention
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.json_answers import json_response

router = APIRouter(tags=["analytics"])


@router.get(
    "/v1/analytics/contracts/retention",
    **documents.operation(
        "get_contract_retention",
        "How many contracts are renewed, term by term: as it was, by sorting alone (sBG), tried on the past, and renewals to come",
        parameters=RETENTION,
        response_model=ContractRetention,
        responses=documents.problems(503),
    ),
)
async def get_contract_retention(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    found = await read_retention(call, retention_asked(call))
    return json_response(found)


@router.get(
    "/v1/analytics/contracts/renewals",
    **documents.operation(
        "list_contract_renewals",
        "Contracts whose term ends soon, by how likely it is that they are not renewed, why, and how near that came in the past",
        parameters=RENEWALS,
        response_model=ContractRenewals,
        responses=documents.problems(503),
    ),
)
async def list_contract_renewals(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    found = await read_renewals(call, renewals_asked(call))
    return json_response(found)

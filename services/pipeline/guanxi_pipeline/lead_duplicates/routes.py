"""The check for duplicates of a lead over HTTP."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.lead_duplicates import service
from guanxi_pipeline.lead_duplicates.schemas import LeadDuplicates
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["leads"])


@router.post(
    "/v1/leads/{lead_id}/check-duplicate",
    **documents.operation(
        "check_duplicate_lead",
        "Leads, accounts and people that may be the same as this lead; writes nothing",
        parameters=[documents.path_id("lead_id")],
        response_model=LeadDuplicates,
        responses=documents.problems(404),
    ),
)
async def check_duplicate_lead(request: Request) -> Response:
    call = await begin(request, "leads:read")
    found = await service.check_lead(call, id_in_path(request.path_params["lead_id"]))
    return Response(orjson.dumps(found), media_type="application/json")

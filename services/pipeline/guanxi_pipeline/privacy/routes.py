"""The right to be forgotten of leads over HTTP, as contacts has it."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.privacy import service
from guanxi_pipeline.privacy.schemas import LeadErasureRead
from guanxi_shared import writes
from guanxi_shared.calls import begin
from guanxi_shared.documents import operation, path_id, problems
from guanxi_shared.erasing.schemas import ErasureRequest
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import state_bytes

router = APIRouter(tags=["privacy"])


@router.post(
    "/v1/leads/{lead_id}/erase",
    **operation(
        "erase_lead",
        "Erase a lead for good; there is no way back",
        parameters=[path_id("lead_id")],
        body=ErasureRequest,
        response_model=LeadErasureRead,
        responses=problems(404, 409, 413, 415, 422),
    ),
)
async def erase_lead(request: Request) -> Response:
    call = await begin(request, LEADS.permission("erase"))
    lead_id = id_in_path(request.path_params["lead_id"])
    data = writes.parse(ErasureRequest, await call.body())
    erased = await service.erase_lead(call, lead_id, data)
    return Response(state_bytes(erased), media_type="application/json")

"""The settings for leads over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.lead_settings import service
from guanxi_pipeline.lead_settings.schemas import LeadSettingsRead, LeadSettingsUpdate
from guanxi_shared import documents, writes
from guanxi_shared.calls import begin
from guanxi_shared.records import state_bytes

router = APIRouter(tags=["leads"])
PATH = "/v1/leads/settings"


@router.get(
    PATH,
    **documents.operation(
        "get_lead_settings",
        "How leads are worked here: times, reasons, limits",
        response_model=LeadSettingsRead,
        responses=documents.problems(),
    ),
)
async def get_lead_settings(request: Request) -> Response:
    state = await service.get_lead_settings(await begin(request, "leads:read"))
    headers = {"etag": writes.etag_of(state)}
    return Response(state_bytes(state), media_type="application/json", headers=headers)


@router.patch(
    PATH,
    **documents.operation(
        "update_lead_settings",
        "Change what is sent of the settings for leads (managers)",
        parameters=[documents.IF_MATCH],
        body=LeadSettingsUpdate,
        response_model=LeadSettingsRead,
        responses=documents.problems(409, 412, 413, 415, 422),
    ),
)
async def update_lead_settings(request: Request) -> Response:
    call = await begin(request, "leads:assign")
    version, raw = writes.wanted_version(call), await call.body()
    data = writes.parse(LeadSettingsUpdate, raw)
    return await writes.act(
        call,
        lambda connection: service.update_lead_settings(call, connection, data, version),
        raw=raw,
    )

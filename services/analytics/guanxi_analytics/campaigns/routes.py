"""What campaigns brought, over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.campaigns import asked, reading
from guanxi_analytics.campaigns.schemas import CampaignResults, EffectOfCampaign
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import json_response

router = APIRouter(tags=["analytics"])
PATH = "/v1/analytics/campaigns"


@router.get(
    PATH,
    **documents.operation(
        "list_campaign_results",
        "Campaigns with the share who responded, orders and revenue afterwards, and what each response and order cost",
        parameters=asked.LISTED,
        response_model=CampaignResults,
        responses=documents.problems(),
    ),
)
async def list_campaign_results(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    return json_response(await reading.list_campaign_results(call, asked.list_asked(call)))


@router.get(
    PATH + "/{campaign_id}/effect",
    **documents.operation(
        "get_effect_of_campaign",
        "What a campaign brought: treated less held out with intervals, an effect by lot, else an association",
        parameters=[documents.path_id("campaign_id"), asked.WINDOW, asked.AS_OF],
        response_model=EffectOfCampaign,
        responses=documents.problems(404),
    ),
)
async def get_effect_of_campaign(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    campaign_id = id_in_path(request.path_params["campaign_id"])
    return json_response(await reading.read_effect(call, asked.one_asked(call, campaign_id)))

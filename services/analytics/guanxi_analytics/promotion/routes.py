"""What a campaign brought, over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.promotion.reading import read_campaign_effect
from guanxi_analytics.promotion.schemas import CampaignAsked, CampaignEffect
from guanxi_shared import documents
from guanxi_shared.batch import MAX_BYTES
from guanxi_shared.calls import begin
from guanxi_shared.json_answers import json_response
from guanxi_shared.writes import parse

router = APIRouter(tags=["analytics"])


@router.post(
    "/v1/analytics/campaign-effect",
    **documents.operation(
        "get_campaign_effect",
        "Response, cost per response and order, and uplift against those held out: an effect by lot, else an association",
        body=CampaignAsked,
        response_model=CampaignEffect,
        responses=documents.problems(413, 415, 422),
    ),
)
async def get_campaign_effect(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    found = await read_campaign_effect(call, parse(CampaignAsked, await call.body(limit=MAX_BYTES)))
    return json_response(found)

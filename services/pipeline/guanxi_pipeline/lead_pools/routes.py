"""The pools of leads over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.lead_pools.pooled import POOLED, page_of_pools
from guanxi_shared import documents, reads
from guanxi_shared.calls import begin

router = APIRouter(tags=["leads"])


@router.get("/v1/leads/pool", **documents.lists(POOLED))
async def list_pooled_leads(request: Request) -> Response:
    """Whoever may claim may look."""
    call = await begin(request, "leads:update")
    call.by.demand("leads:read")
    query = await page_of_pools(call, request.scope["query_string"])
    return await reads.answer_list(call, POOLED, query)

"""Campaigns over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.campaigns import service
from guanxi_contacts.campaigns.resources import CAMPAIGNS
from guanxi_contacts.campaigns.schemas import CampaignCreate, CampaignUpdate
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["campaigns"])
PATH = "/v1/campaigns"
ONE = PATH + "/{campaign_id}"


@router.get(ONE, **documents.gets(CAMPAIGNS))
async def get_campaign(request: Request) -> Response:
    call = await begin(request, "campaigns:read")
    campaign_id = request.path_params["campaign_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, CAMPAIGNS, campaign_id, moment)
    return await reads.get_record(call, CAMPAIGNS, campaign_id)


@router.get(PATH, **documents.lists(CAMPAIGNS))
async def list_campaigns(request: Request) -> Response:
    return await reads.list_records(await begin(request, "campaigns:read"), CAMPAIGNS)


@router.post(PATH + "/search", **documents.searches(CAMPAIGNS))
async def search_campaigns(request: Request) -> Response:
    return await reads.search_records(await begin(request, "campaigns:read"), CAMPAIGNS)


@router.post(PATH, **documents.creates(CAMPAIGNS, CampaignCreate))
async def create_campaign(request: Request) -> Response:
    call = await begin(request, "campaigns:create")
    return await writes.create(call, CAMPAIGNS, CampaignCreate, service.create_campaign, path=PATH)


@router.patch(ONE, **documents.updates(CAMPAIGNS, CampaignUpdate))
async def update_campaign(request: Request) -> Response:
    call = await begin(request, "campaigns:update")
    campaign_id = id_in_path(request.path_params["campaign_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        CampaignUpdate,
        lambda connection, data: service.update_campaign(
            call, connection, campaign_id, data, version
        ),
    )


@router.delete(
    ONE,
    **documents.acts(
        CAMPAIGNS, "delete", "Take a campaign away; its members stay with it", takes_key=False
    ),
)
async def delete_campaign(request: Request) -> Response:
    call = await begin(request, "campaigns:delete")
    campaign_id = id_in_path(request.path_params["campaign_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_campaign(call, connection, campaign_id, version)
    )


@router.post(
    ONE + "/restore", **documents.acts(CAMPAIGNS, "restore", "Bring a deleted campaign back")
)
async def restore_campaign(request: Request) -> Response:
    call = await begin(request, "campaigns:delete")
    campaign_id = id_in_path(request.path_params["campaign_id"])
    return await writes.act(
        call, lambda connection: service.restore_campaign(call, connection, campaign_id)
    )


@router.get(ONE + "/history", **documents.histories(CAMPAIGNS))
async def get_campaign_history(request: Request) -> Response:
    call = await begin(request, "campaigns:read")
    return await history.get_history(call, CAMPAIGNS, request.path_params["campaign_id"])


VERBS = Verbs(
    create_model=CampaignCreate,
    update_model=CampaignUpdate,
    create=service.create_campaign,
    update=service.update_campaign,
    delete=service.delete_campaign,
    find=service.find_campaigns,
)


@router.post(PATH + "/batch", **documents.batches(CAMPAIGNS, BatchRequest, BatchAnswer))
async def batch_campaigns(request: Request) -> Response:
    return await run_batch(await begin(request, None), CAMPAIGNS, VERBS)

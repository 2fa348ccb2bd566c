"""Leads over HTTP: the verbs that every resource has."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.lead_duplicates.on_create import documented, is_checked, with_duplicates
from guanxi_pipeline.leads import service
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.leads.schemas import LeadCreate, LeadUpdate
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.edge import hot
from guanxi_shared.erasing.tombstones import demand_not_erased, or_gone
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["leads"])
PATH = "/v1/leads"
ONE = PATH + "/{lead_id}"


@router.get(ONE, **documents.gets(LEADS, refused=(410,)))
@hot
async def get_lead(request: Request) -> Response:
    call = await begin(request, "leads:read")
    lead_id = request.path_params["lead_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        await demand_not_erased(call, LEADS, id_in_path(lead_id))
        return await history.get_as_of(call, LEADS, lead_id, moment)
    return await or_gone(call, LEADS, lead_id, reads.get_record(call, LEADS, lead_id))


@router.get(PATH, **documents.lists(LEADS))
@hot
async def list_leads(request: Request) -> Response:
    return await reads.list_records(await begin(request, "leads:read"), LEADS)


@router.post(PATH + "/search", **documents.searches(LEADS))
@hot
async def search_leads(request: Request) -> Response:
    return await reads.search_records(await begin(request, "leads:read"), LEADS)


@router.post(PATH, **documented())
@hot
async def create_lead(request: Request) -> Response:
    call = await begin(request, "leads:create")
    is_checked(call)
    made = await writes.create(call, LEADS, LeadCreate, service.create_lead, path=PATH)
    return await with_duplicates(call, made)


@router.patch(ONE, **documents.updates(LEADS, LeadUpdate))
@hot
async def update_lead(request: Request) -> Response:
    call = await begin(request, "leads:update")
    lead_id = id_in_path(request.path_params["lead_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        LeadUpdate,
        lambda connection, data: service.update_lead(call, connection, lead_id, data, version),
    )


@router.delete(ONE, **documents.acts(LEADS, "delete", "Delete a lead", takes_key=False))
async def delete_lead(request: Request) -> Response:
    call = await begin(request, "leads:delete")
    lead_id = id_in_path(request.path_params["lead_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_lead(call, connection, lead_id, version)
    )


@router.post(
    ONE + "/restore", **documents.acts(LEADS, "restore", "Bring a lead back", refused=(410,))
)
async def restore_lead(request: Request) -> Response:
    call = await begin(request, "leads:delete")
    lead_id = id_in_path(request.path_params["lead_id"])
    return await writes.act(
        call, lambda connection: service.restore_lead(call, connection, lead_id)
    )


@router.get(ONE + "/history", **documents.histories(LEADS))
async def get_lead_history(request: Request) -> Response:
    call = await begin(request, "leads:read")
    return await history.get_history(call, LEADS, request.path_params["lead_id"])


VERBS = Verbs(
    create_model=LeadCreate,
    update_model=LeadUpdate,
    create=service.create_lead,
    update=service.update_lead,
    delete=service.delete_lead,
    find=service.find_leads,
)


@router.post(PATH + "/batch", **documents.batches(LEADS, BatchRequest, BatchAnswer))
async def batch_leads(request: Request) -> Response:
    return await run_batch(await begin(request, None), LEADS, VERBS)

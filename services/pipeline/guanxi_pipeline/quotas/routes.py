"""Quotas over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.quotas import service
from guanxi_pipeline.quotas.resources import QUOTAS
from guanxi_pipeline.quotas.schemas import QuotaCreate, QuotaUpdate
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["quotas"])
PATH = "/v1/quotas"
ONE = PATH + "/{quota_id}"


@router.get(PATH, **documents.lists(QUOTAS))
async def list_quotas(request: Request) -> Response:
    return await reads.list_records(await begin(request, "quotas:read"), QUOTAS)


@router.post(PATH + "/search", **documents.searches(QUOTAS))
async def search_quotas(request: Request) -> Response:
    return await reads.search_records(await begin(request, "quotas:read"), QUOTAS)


@router.get(ONE, **documents.gets(QUOTAS))
async def get_quota(request: Request) -> Response:
    call = await begin(request, "quotas:read")
    quota_id = request.path_params["quota_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, QUOTAS, quota_id, moment)
    return await reads.get_record(call, QUOTAS, quota_id)


@router.post(PATH, **documents.creates(QUOTAS, QuotaCreate))
async def create_quota(request: Request) -> Response:
    call = await begin(request, "quotas:create")
    return await writes.create(call, QUOTAS, QuotaCreate, service.create_quota, path=PATH)


@router.patch(ONE, **documents.updates(QUOTAS, QuotaUpdate))
async def update_quota(request: Request) -> Response:
    call = await begin(request, "quotas:update")
    quota_id = id_in_path(request.path_params["quota_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        QuotaUpdate,
        lambda connection, data: service.update_quota(call, connection, quota_id, data, version),
    )


@router.delete(ONE, **documents.acts(QUOTAS, "delete", "Delete a quota", takes_key=False))
async def delete_quota(request: Request) -> Response:
    call = await begin(request, "quotas:delete")
    quota_id = id_in_path(request.path_params["quota_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_quota(call, connection, quota_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(QUOTAS, "restore", "Bring a quota back"))
async def restore_quota(request: Request) -> Response:
    call = await begin(request, "quotas:delete")
    quota_id = id_in_path(request.path_params["quota_id"])
    return await writes.act(
        call, lambda connection: service.restore_quota(call, connection, quota_id)
    )


@router.get(ONE + "/history", **documents.histories(QUOTAS))
async def get_quota_history(request: Request) -> Response:
    call = await begin(request, "quotas:read")
    return await history.get_history(call, QUOTAS, request.path_params["quota_id"])


VERBS = Verbs(
    create_model=QuotaCreate,
    update_model=QuotaUpdate,
    create=service.create_quota,
    update=service.update_quota,
    delete=service.delete_quota,
    find=service.find_quotas,
)


@router.post(PATH + "/batch", **documents.batches(QUOTAS, BatchRequest, BatchAnswer))
async def batch_quotas(request: Request) -> Response:
    return await run_batch(await begin(request, None), QUOTAS, VERBS)

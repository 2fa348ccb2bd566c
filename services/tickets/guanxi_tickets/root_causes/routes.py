"""Root causes over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_tickets.root_causes import service
from guanxi_tickets.root_causes.resources import CAUSES
from guanxi_tickets.root_causes.schemas import CauseCreate, CauseMerge, CauseRead, CauseUpdate

router = APIRouter(tags=["complaints"])
PATH = "/v1/root-causes"
ONE = PATH + "/{root_cause_id}"


@router.get(ONE, **documents.gets(CAUSES))
async def get_root_cause(request: Request) -> Response:
    call = await begin(request, "root-causes:read")
    cause_id = request.path_params["root_cause_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, CAUSES, cause_id, moment)
    return await reads.get_record(call, CAUSES, cause_id)


@router.get(PATH, **documents.lists(CAUSES))
async def list_root_causes(request: Request) -> Response:
    return await reads.list_records(await begin(request, "root-causes:read"), CAUSES)


@router.post(PATH + "/search", **documents.searches(CAUSES))
async def search_root_causes(request: Request) -> Response:
    return await reads.search_records(await begin(request, "root-causes:read"), CAUSES)


@router.post(PATH, **documents.creates(CAUSES, CauseCreate))
async def create_root_cause(request: Request) -> Response:
    call = await begin(request, "root-causes:create")
    return await writes.create(call, CAUSES, CauseCreate, service.create_cause, path=PATH)


@router.patch(ONE, **documents.updates(CAUSES, CauseUpdate))
async def update_root_cause(request: Request) -> Response:
    call = await begin(request, "root-causes:update")
    cause_id, version = (
        id_in_path(request.path_params["root_cause_id"]),
        writes.wanted_version(call),
    )
    return await writes.update(
        call,
        CauseUpdate,
        lambda connection, data: service.update_cause(call, connection, cause_id, data, version),
    )


@router.delete(ONE, **documents.acts(CAUSES, "delete", "Give a cause up", takes_key=False))
async def delete_root_cause(request: Request) -> Response:
    call = await begin(request, "root-causes:delete")
    cause_id, version = (
        id_in_path(request.path_params["root_cause_id"]),
        writes.wanted_version(call),
    )
    return await writes.act(
        call, lambda connection: service.delete_cause(call, connection, cause_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(CAUSES, "restore", "Bring a cause back"))
async def restore_root_cause(request: Request) -> Response:
    call = await begin(request, "root-causes:delete")
    cause_id = id_in_path(request.path_params["root_cause_id"])
    return await writes.act(
        call, lambda connection: service.restore_cause(call, connection, cause_id)
    )


@router.get(ONE + "/history", **documents.histories(CAUSES))
async def get_root_cause_history(request: Request) -> Response:
    call = await begin(request, "root-causes:read")
    return await history.get_history(call, CAUSES, request.path_params["root_cause_id"])


VERBS = Verbs(
    create_model=CauseCreate,
    update_model=CauseUpdate,
    create=service.create_cause,
    update=service.update_cause,
    delete=service.delete_cause,
    find=service.find_causes,
)


@router.post(PATH + "/batch", **documents.batches(CAUSES, BatchRequest, BatchAnswer))
async def batch_root_causes(request: Request) -> Response:
    return await run_batch(await begin(request, None), CAUSES, VERBS)


@router.post(
    ONE + "/merge",
    **documents.operation(
        "merge_root_cause",
        "Let a cause be counted with another one from now on",
        parameters=[
            documents.path_id("root_cause_id"), documents.IF_MATCH, documents.IDEMPOTENCY_KEY,
        ],
        body=CauseMerge,
        response_model=CauseRead,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)  # fmt: skip
async def merge_root_cause(request: Request) -> Response:
    call = await begin(request, "root-causes:update")
    cause_id, raw = id_in_path(request.path_params["root_cause_id"]), await call.body()
    version, data = writes.wanted_version(call), writes.parse(CauseMerge, raw)
    return await writes.act(
        call,
        lambda connection: service.merge_cause(call, connection, cause_id, data, version),
        raw=raw,
    )

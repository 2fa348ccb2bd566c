"""Pipelines over HTTP."""

from collections.abc import Awaitable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.pipelines import service
from guanxi_pipeline.pipelines.known import pipelines_of
from guanxi_pipeline.pipelines.resources import PIPELINES
from guanxi_pipeline.pipelines.schemas import PipelineCreate, PipelineUpdate
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["pipelines"])
PATH = "/v1/pipelines"
ONE = PATH + "/{pipeline_id}"


@router.get(PATH, **documents.lists(PIPELINES))
async def list_pipelines(request: Request) -> Response:
    return await reads.list_records(await begin(request, "pipelines:read"), PIPELINES)


@router.get(ONE, **documents.gets(PIPELINES))
async def get_pipeline(request: Request) -> Response:
    call = await begin(request, "pipelines:read")
    pipeline_id = request.path_params["pipeline_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, PIPELINES, pipeline_id, moment)
    return await reads.get_record(call, PIPELINES, pipeline_id)


@router.post(PATH, **documents.creates(PIPELINES, PipelineCreate))
async def create_pipeline(request: Request) -> Response:
    call = await begin(request, "pipelines:create")
    return await _known_anew(
        call, writes.create(call, PIPELINES, PipelineCreate, service.create_pipeline, path=PATH)
    )


async def _known_anew(call: Call, answer: Awaitable[Response]) -> Response:
    """What is remembered of the organisation's pipelines is read again, once the change stands."""
    try:
        return await answer
    finally:
        pipelines_of(call.house).forget(call.organisation)


@router.patch(ONE, **documents.updates(PIPELINES, PipelineUpdate))
async def update_pipeline(request: Request) -> Response:
    call = await begin(request, "pipelines:update")
    pipeline_id = id_in_path(request.path_params["pipeline_id"])
    version = writes.wanted_version(call)
    answer = writes.update(
        call,
        PipelineUpdate,
        lambda connection, data: service.update_pipeline(
            call, connection, pipeline_id, data, version
        ),
    )
    return await _known_anew(call, answer)


@router.delete(
    ONE,
    **documents.acts(
        PIPELINES, "delete", "Put a pipeline away in which nothing open stands", takes_key=False
    ),
)
async def delete_pipeline(request: Request) -> Response:
    call = await begin(request, "pipelines:delete")
    pipeline_id = id_in_path(request.path_params["pipeline_id"])
    version = writes.wanted_version(call)
    answer = writes.act(
        call, lambda connection: service.delete_pipeline(call, connection, pipeline_id, version)
    )
    return await _known_anew(call, answer)


@router.post(ONE + "/restore", **documents.acts(PIPELINES, "restore", "Bring a pipeline back"))
async def restore_pipeline(request: Request) -> Response:
    call = await begin(request, "pipelines:delete")
    pipeline_id = id_in_path(request.path_params["pipeline_id"])
    answer = writes.act(
        call, lambda connection: service.restore_pipeline(call, connection, pipeline_id)
    )
    return await _known_anew(call, answer)


@router.get(ONE + "/history", **documents.histories(PIPELINES))
async def get_pipeline_history(request: Request) -> Response:
    call = await begin(request, "pipelines:read")
    return await history.get_history(call, PIPELINES, request.path_params["pipeline_id"])

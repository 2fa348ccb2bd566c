"""Opportunities over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.opportunities import service
from guanxi_pipeline.opportunities.moving import move_opportunity as move
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.opportunities.schemas import (
    Move,
    OpportunityCreate,
    OpportunityUpdate,
    StageHistory,
)
from guanxi_pipeline.opportunities.stays import as_json, read_stays
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.edge import hot
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["opportunities"])
PATH = "/v1/opportunities"
ONE = PATH + "/{opportunity_id}"


@router.get(ONE, **documents.gets(OPPORTUNITIES))
@hot
async def get_opportunity(request: Request) -> Response:
    call = await begin(request, "opportunities:read")
    opportunity_id = request.path_params["opportunity_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, OPPORTUNITIES, opportunity_id, moment)
    return await reads.get_record(call, OPPORTUNITIES, opportunity_id)


@router.get(PATH, **documents.lists(OPPORTUNITIES))
@hot
async def list_opportunities(request: Request) -> Response:
    return await reads.list_records(await begin(request, "opportunities:read"), OPPORTUNITIES)


@router.post(PATH + "/search", **documents.searches(OPPORTUNITIES))
@hot
async def search_opportunities(request: Request) -> Response:
    return await reads.search_records(await begin(request, "opportunities:read"), OPPORTUNITIES)


@router.post(PATH, **documents.creates(OPPORTUNITIES, OpportunityCreate))
@hot
async def create_opportunity(request: Request) -> Response:
    call = await begin(request, "opportunities:create")
    return await writes.create(
        call, OPPORTUNITIES, OpportunityCreate, service.create_opportunity, path=PATH
    )


@router.patch(ONE, **documents.updates(OPPORTUNITIES, OpportunityUpdate))
@hot
async def update_opportunity(request: Request) -> Response:
    call = await begin(request, "opportunities:update")
    opportunity_id = id_in_path(request.path_params["opportunity_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        OpportunityUpdate,
        lambda connection, data: service.update_opportunity(
            call, connection, opportunity_id, data, version
        ),
    )


@router.delete(
    ONE, **documents.acts(OPPORTUNITIES, "delete", "Delete an opportunity", takes_key=False)
)
async def delete_opportunity(request: Request) -> Response:
    call = await begin(request, "opportunities:delete")
    opportunity_id = id_in_path(request.path_params["opportunity_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call,
        lambda connection: service.delete_opportunity(call, connection, opportunity_id, version),
    )


@router.post(
    ONE + "/restore", **documents.acts(OPPORTUNITIES, "restore", "Bring an opportunity back")
)
async def restore_opportunity(request: Request) -> Response:
    call = await begin(request, "opportunities:delete")
    opportunity_id = id_in_path(request.path_params["opportunity_id"])
    return await writes.act(
        call, lambda connection: service.restore_opportunity(call, connection, opportunity_id)
    )


@router.post(
    ONE + "/move",
    **documents.operation(
        "move_opportunity",
        "Drop an opportunity in a stage, at a place: won, lost and reopened that way too",
        parameters=[
            documents.path_id("opportunity_id"), documents.IDEMPOTENCY_KEY, documents.IF_MATCH,
        ],
        body=Move,
        response_model=OPPORTUNITIES.model,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)  # fmt: skip
async def move_opportunity(request: Request) -> Response:
    call = await begin(request, "opportunities:update")
    opportunity_id = id_in_path(request.path_params["opportunity_id"])
    version, raw = writes.wanted_version(call), await call.body()
    data = writes.parse(Move, raw)
    return await writes.act(
        call, lambda connection: move(call, connection, opportunity_id, data, version), raw=raw
    )


@router.get(
    ONE + "/stages",
    **documents.operation(
        "get_opportunity_stages",
        "Every stay in a stage with its time, and what is wrong with the deal now",
        parameters=[documents.path_id("opportunity_id")],
        response_model=StageHistory,
        responses=documents.problems(404),
    ),
)
async def get_opportunity_stages(request: Request) -> Response:
    call = await begin(request, "opportunities:read")
    found = await read_stays(call, id_in_path(request.path_params["opportunity_id"]))
    return Response(as_json(found), media_type="application/json")


@router.get(ONE + "/history", **documents.histories(OPPORTUNITIES))
async def get_opportunity_history(request: Request) -> Response:
    call = await begin(request, "opportunities:read")
    return await history.get_history(call, OPPORTUNITIES, request.path_params["opportunity_id"])


VERBS = Verbs(
    create_model=OpportunityCreate,
    update_model=OpportunityUpdate,
    create=service.create_opportunity,
    update=service.update_opportunity,
    delete=service.delete_opportunity,
    find=service.find_opportunities,
)


@router.post(PATH + "/batch", **documents.batches(OPPORTUNITIES, BatchRequest, BatchAnswer))
async def batch_opportunities(request: Request) -> Response:
    return await run_batch(await begin(request, None), OPPORTUNITIES, VERBS)

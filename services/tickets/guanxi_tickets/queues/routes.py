"""Queues over HTTP."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, finding, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import JSON_OPTIONS
from guanxi_tickets.queues import service
from guanxi_tickets.queues.resources import QUEUES
from guanxi_tickets.queues.schemas import QueueCreate, QueueUpdate
from guanxi_tickets.queues.stats import queue_stats
from guanxi_tickets.queues.stats_schemas import QueueStats

router = APIRouter(tags=["queues"])
PATH = "/v1/queues"
ONE = PATH + "/{queue_id}"


@router.get(PATH, **documents.lists(QUEUES))
async def list_queues(request: Request) -> Response:
    return await reads.list_records(await begin(request, "queues:read"), QUEUES)


@router.post(PATH + "/search", **documents.searches(QUEUES))
async def search_queues(request: Request) -> Response:
    return await reads.search_records(await begin(request, "queues:read"), QUEUES)


@router.get(ONE, **documents.gets(QUEUES))
async def get_queue(request: Request) -> Response:
    call = await begin(request, "queues:read")
    queue_id = request.path_params["queue_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, QUEUES, queue_id, moment)
    return await reads.get_record(call, QUEUES, queue_id)


@router.post(PATH, **documents.creates(QUEUES, QueueCreate))
async def create_queue(request: Request) -> Response:
    call = await begin(request, "queues:create")
    return await writes.create(call, QUEUES, QueueCreate, service.create_queue, path=PATH)


@router.patch(ONE, **documents.updates(QUEUES, QueueUpdate))
async def update_queue(request: Request) -> Response:
    call = await begin(request, "queues:update")
    queue_id, version = id_in_path(request.path_params["queue_id"]), writes.wanted_version(call)
    return await writes.update(
        call,
        QueueUpdate,
        lambda connection, data: service.update_queue(call, connection, queue_id, data, version),
    )


@router.delete(ONE, **documents.acts(QUEUES, "delete", "Put a queue away", takes_key=False))
async def delete_queue(request: Request) -> Response:
    call = await begin(request, "queues:delete")
    queue_id, version = id_in_path(request.path_params["queue_id"]), writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_queue(call, connection, queue_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(QUEUES, "restore", "Bring a queue back"))
async def restore_queue(request: Request) -> Response:
    call = await begin(request, "queues:delete")
    queue_id = id_in_path(request.path_params["queue_id"])
    return await writes.act(
        call, lambda connection: service.restore_queue(call, connection, queue_id)
    )


@router.get(ONE + "/history", **documents.histories(QUEUES))
async def get_queue_history(request: Request) -> Response:
    call = await begin(request, "queues:read")
    return await history.get_history(call, QUEUES, request.path_params["queue_id"])


@router.get(
    ONE + "/stats",
    **documents.operation(
        "get_queue_stats",
        "How a queue stands: what waits, is late, came and went, and who is there; each figure with its filter",
        parameters=[documents.path_id("queue_id")],
        response_model=QueueStats,
        responses=documents.problems(404),
    ),
)
async def get_queue_stats(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    found = await queue_stats(call, id_in_path(request.path_params["queue_id"]))
    body = orjson.dumps(found, option=JSON_OPTIONS, default=str)
    return Response(body, media_type="application/json")


VERBS = Verbs(
    create_model=QueueCreate,
    update_model=QueueUpdate,
    create=service.create_queue,
    update=service.update_queue,
    delete=service.delete_queue,
    find=finding(QUEUES, {"id": "id = $2::text::uuid", "name": "lower(name) = lower($2::text)"}),
)


@router.post(PATH + "/batch", **documents.batches(QUEUES, BatchRequest, BatchAnswer))
async def batch_queues(request: Request) -> Response:
    return await run_batch(await begin(request, None), QUEUES, VERBS)

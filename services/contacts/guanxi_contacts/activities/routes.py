"""Activities over HTTP."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.activities import completing, occurrences, service
from guanxi_contacts.activities.clashing import allows_conflict
from guanxi_contacts.activities.resources import ACTIVITIES
from guanxi_contacts.activities.schemas import (
    ActivityCompleted,
    ActivityCompletion,
    ActivityCreate,
    ActivityRead,
    ActivityUpdate,
    OccurrenceCreate,
)
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, run_batch
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.edge import hot
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import state_bytes

router = APIRouter(tags=["activities"])
PATH = "/v1/activities"
ONE = PATH + "/{activity_id}"
ALLOW_CONFLICT = documents.query_parameter(
    "allow_conflict",
    "boolean",
    "Save although the time is taken; else the answer is 409 with the clashing items.",
)


def _may_clash(documented: dict[str, Any]) -> dict[str, Any]:
    documented["openapi_extra"]["parameters"].append(ALLOW_CONFLICT)
    return documented


async def _begin_booking(request: Request, permission: str | None) -> Call:
    """`allow_conflict` is looked at whether or not anything comes to be booked."""
    call = await begin(request, permission)
    allows_conflict(call)
    return call


@router.get(ONE, **documents.gets(ACTIVITIES))
@hot
async def get_activity(request: Request) -> Response:
    call = await begin(request, "activities:read")
    activity_id = request.path_params["activity_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, ACTIVITIES, activity_id, moment)
    return await reads.get_record(call, ACTIVITIES, activity_id)


@router.get(PATH, **documents.lists(ACTIVITIES))
@hot
async def list_activities(request: Request) -> Response:
    call = await begin(request, "activities:read")
    return await reads.list_records(call, ACTIVITIES)


@router.post(PATH + "/search", **documents.searches(ACTIVITIES))
@hot
async def search_activities(request: Request) -> Response:
    call = await begin(request, "activities:read")
    return await reads.search_records(call, ACTIVITIES)


@router.post(PATH, **_may_clash(documents.creates(ACTIVITIES, ActivityCreate)))
@hot
async def create_activity(request: Request) -> Response:
    call = await _begin_booking(request, "activities:create")
    return await writes.create(call, ACTIVITIES, ActivityCreate, service.create_activity, path=PATH)


@router.patch(ONE, **_may_clash(documents.updates(ACTIVITIES, ActivityUpdate)))
@hot
async def update_activity(request: Request) -> Response:
    call = await _begin_booking(request, "activities:update")
    activity_id, version = (
        id_in_path(request.path_params["activity_id"]),
        writes.wanted_version(call),
    )
    return await writes.update(
        call,
        ActivityUpdate,
        lambda connection, data: service.update_activity(
            call, connection, activity_id, data, version
        ),
    )


@router.delete(
    ONE, **documents.acts(ACTIVITIES, "delete", "Delete softly; restore undoes it", takes_key=False)
)
async def delete_activity(request: Request) -> Response:
    call = await begin(request, "activities:delete")
    activity_id, version = (
        id_in_path(request.path_params["activity_id"]),
        writes.wanted_version(call),
    )
    return await writes.act(
        call, lambda connection: service.delete_activity(call, connection, activity_id, version)
    )


@router.post(
    ONE + "/restore",
    **_may_clash(documents.acts(ACTIVITIES, "restore", "Bring a deleted activity back")),
)
async def restore_activity(request: Request) -> Response:
    call = await _begin_booking(request, "activities:delete")
    activity_id = id_in_path(request.path_params["activity_id"])
    return await writes.act(
        call, lambda connection: service.restore_activity(call, connection, activity_id)
    )


@router.get(ONE + "/history", **documents.histories(ACTIVITIES))
async def get_activity_history(request: Request) -> Response:
    call = await begin(request, "activities:read")
    return await history.get_history(call, ACTIVITIES, request.path_params["activity_id"])


VERBS = Verbs(
    create_model=ActivityCreate,
    update_model=ActivityUpdate,
    create=service.create_activity,
    update=service.update_activity,
    delete=service.delete_activity,
    find=service.find_activities,
)


@router.post(
    PATH + "/batch", **_may_clash(documents.batches(ACTIVITIES, BatchRequest, BatchAnswer))
)
async def batch_activities(request: Request) -> Response:
    return await run_batch(await _begin_booking(request, None), ACTIVITIES, VERBS)


@router.post(
    ONE + "/occurrences",
    **documents.operation(
        "create_activity_occurrence",
        "Let one occurrence of a series differ: moved, cancelled or with words of its own",
        parameters=[
            documents.path_id("activity_id"), documents.IDEMPOTENCY_KEY, ALLOW_CONFLICT,
        ],
        body=OccurrenceCreate,
        response_model=ActivityRead,
        status_code=201,
        responses=documents.problems(404, 409, 413, 415, 422),
    ),
)  # fmt: skip
async def create_activity_occurrence(request: Request) -> Response:
    call = await _begin_booking(request, "activities:update")
    activity_id = id_in_path(request.path_params["activity_id"])
    raw = await call.body()
    data = writes.parse(OccurrenceCreate, raw)

    async def work(connection: Connection) -> Answer:
        state = await occurrences.create_occurrence(call, connection, activity_id, data)
        headers = {"etag": writes.etag_of(state), "location": f"{PATH}/{state['id']}"}
        return Answer(201, state_bytes(state), headers)

    return await answer_once(call, work, fingerprint_of=raw)


@router.post(
    ONE + "/complete",
    **documents.operation(
        "complete_activity",
        "Mark as done with outcome and next step; makes the follow-up and the next of a repeating task",
        parameters=[
            documents.path_id("activity_id"), documents.IDEMPOTENCY_KEY, documents.IF_MATCH,
            ALLOW_CONFLICT,
        ],
        body=ActivityCompletion,
        response_model=ActivityCompleted,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)  # fmt: skip
async def complete_activity(request: Request) -> Response:
    call = await _begin_booking(request, "activities:update")
    activity_id = id_in_path(request.path_params["activity_id"])
    raw = await call.body()
    data, version = writes.parse(ActivityCompletion, raw), writes.wanted_version(call)
    return await writes.act(
        call,
        lambda connection: completing.complete_activity(
            call, connection, activity_id, data, version
        ),
        raw=raw,
    )

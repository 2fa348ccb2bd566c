"""Coordination tasks over HTTP: asked on the complaint, answered by those who have them."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import state_bytes
from guanxi_tickets.coordination_tasks import service
from guanxi_tickets.coordination_tasks.resources import TASKS
from guanxi_tickets.coordination_tasks.schemas import (
    TaskCreate,
    TaskRead,
    TaskReason,
    TaskResult,
    TaskUpdate,
)

router = APIRouter(tags=["complaints"])
OF_TICKET = "/v1/tickets/{ticket_id}/loop/tasks"
OF_TICKET_ONE = OF_TICKET + "/{coordination_task_id}"
PATH = "/v1/coordination-tasks"
ONE = PATH + "/{coordination_task_id}"
TICKET, TASK = documents.path_id("ticket_id"), documents.path_id("coordination_task_id")
GUARDS = [documents.IF_MATCH, documents.IDEMPOTENCY_KEY]
REFUSED = documents.problems(404, 409, 412, 413, 415, 422)


@router.post(
    OF_TICKET,
    **documents.operation(
        "ask_coordination_task",
        "Ask another department for something about a complaint, until an instant",
        parameters=[TICKET, documents.IDEMPOTENCY_KEY],
        body=TaskCreate,
        response_model=TaskRead,
        status_code=201,
        responses={201: {"description": "Asked"}, **documents.problems(404, 409, 413, 415, 422)},
    ),
)
async def ask_coordination_task(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    ticket_id, raw = id_in_path(request.path_params["ticket_id"]), await call.body()
    data = writes.parse(TaskCreate, raw)

    async def write(connection: Connection) -> Answer:
        state = await service.ask_task(call, connection, ticket_id, data)
        return Answer(201, state_bytes(state), {"etag": writes.etag_of(state)})

    return await answer_once(call, write, fingerprint_of=raw)


@router.patch(
    OF_TICKET_ONE,
    **documents.operation(
        "update_coordination_task",
        "Change what a task asks for, whom, or until when",
        parameters=[TICKET, TASK, documents.IF_MATCH],
        body=TaskUpdate,
        response_model=TaskRead,
        responses=REFUSED,
    ),
)
async def update_coordination_task(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    version, raw, place = writes.wanted_version(call), await call.body(), _place(request)
    data = writes.parse(TaskUpdate, raw)
    return await writes.act(
        call,
        lambda connection: service.update_task(call, connection, place, data, version),
        raw=raw,
    )


@router.post(
    OF_TICKET_ONE + "/withdraw",
    **documents.operation(
        "withdraw_coordination_task",
        "Ask for it no longer, with the reason",
        parameters=[TICKET, TASK, *GUARDS],
        body=TaskReason,
        response_model=TaskRead,
        responses=REFUSED,
    ),
)
async def withdraw_coordination_task(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    version, raw, place = writes.wanted_version(call), await call.body(), _place(request)
    data = writes.parse(TaskReason, raw)
    return await writes.act(
        call,
        lambda connection: service.withdraw_task(call, connection, place, data.reason, version),
        raw=raw,
    )


@router.get(ONE, **documents.gets(TASKS))
async def get_coordination_task(request: Request) -> Response:
    call = await begin(request, "coordination-tasks:read")
    task_id = request.path_params["coordination_task_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, TASKS, task_id, moment)
    return await reads.get_record(call, TASKS, task_id)


@router.get(PATH, **documents.lists(TASKS))
async def list_coordination_tasks(request: Request) -> Response:
    return await reads.list_records(await begin(request, "coordination-tasks:read"), TASKS)


@router.post(PATH + "/search", **documents.searches(TASKS))
async def search_coordination_tasks(request: Request) -> Response:
    return await reads.search_records(await begin(request, "coordination-tasks:read"), TASKS)


@router.get(ONE + "/history", **documents.histories(TASKS))
async def get_coordination_task_history(request: Request) -> Response:
    call = await begin(request, "coordination-tasks:read")
    return await history.get_history(call, TASKS, request.path_params["coordination_task_id"])


@router.post(
    ONE + "/accept",
    **documents.operation(
        "accept_coordination_task",
        "Say that it is being done; one that only the department had becomes the caller's",
        parameters=[TASK, *GUARDS],
        response_model=TaskRead,
        responses=REFUSED,
    ),
)
async def accept_coordination_task(request: Request) -> Response:
    call = await begin(request, "coordination-tasks:update")
    version, task_id = writes.wanted_version(call), _task(request)
    return await writes.act(
        call,
        lambda connection: service.answer_task(call, connection, task_id, "accepted", version),
    )


@router.post(
    ONE + "/finish",
    **documents.operation(
        "finish_coordination_task",
        "Say what was done",
        parameters=[TASK, *GUARDS],
        body=TaskResult,
        response_model=TaskRead,
        responses=REFUSED,
    ),
)
async def finish_coordination_task(request: Request) -> Response:
    call = await begin(request, "coordination-tasks:update")
    version, task_id, raw = writes.wanted_version(call), _task(request), await call.body()
    result = writes.parse(TaskResult, raw).result
    return await writes.act(
        call,
        lambda connection: service.answer_task(
            call, connection, task_id, "done", version, result=result
        ),
        raw=raw,
    )


@router.post(
    ONE + "/decline",
    **documents.operation(
        "decline_coordination_task",
        "Say that it is not done, with the reason",
        parameters=[TASK, *GUARDS],
        body=TaskReason,
        response_model=TaskRead,
        responses=REFUSED,
    ),
)
async def decline_coordination_task(request: Request) -> Response:
    call = await begin(request, "coordination-tasks:update")
    version, task_id, raw = writes.wanted_version(call), _task(request), await call.body()
    reason = writes.parse(TaskReason, raw).reason
    return await writes.act(
        call,
        lambda connection: service.answer_task(
            call, connection, task_id, "declined", version, reason=reason
        ),
        raw=raw,
    )


def _task(request: Request) -> UUID:
    return id_in_path(request.path_params["coordination_task_id"])


def _place(request: Request) -> tuple[UUID, UUID]:
    """The ids of the ticket and the task."""
    return id_in_path(request.path_params["ticket_id"]), _task(request)

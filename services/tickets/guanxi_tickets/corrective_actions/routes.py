"""Corrective actions over HTTP: written on the complaint, listed over all."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import state_bytes
from guanxi_tickets.corrective_actions import service
from guanxi_tickets.corrective_actions.resources import ACTIONS
from guanxi_tickets.corrective_actions.schemas import (
    ActionCheck,
    ActionCreate,
    ActionRead,
    ActionUpdate,
)

router = APIRouter(tags=["complaints"])
OF_TICKET = "/v1/tickets/{ticket_id}/loop/actions"
OF_TICKET_ONE = OF_TICKET + "/{corrective_action_id}"
PATH = "/v1/corrective-actions"
ONE = PATH + "/{corrective_action_id}"
TICKET, ACTION = documents.path_id("ticket_id"), documents.path_id("corrective_action_id")


def _writes(
    verb: str, summary: str, body: type[BaseModel] | None = None, *, takes_key: bool = True
) -> Mapping[str, Any]:
    key = [documents.IDEMPOTENCY_KEY] if takes_key else []
    return documents.operation(
        f"{verb}_corrective_action",
        summary,
        parameters=[TICKET, ACTION, documents.IF_MATCH, *key],
        body=body,
        response_model=ActionRead,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    )


@router.get(PATH, **documents.lists(ACTIONS))
async def list_corrective_actions(request: Request) -> Response:
    return await reads.list_records(await begin(request, ACTIONS.permission("read")), ACTIONS)


@router.post(PATH + "/search", **documents.searches(ACTIONS))
async def search_corrective_actions(request: Request) -> Response:
    return await reads.search_records(await begin(request, ACTIONS.permission("read")), ACTIONS)


@router.get(ONE, **documents.gets(ACTIONS))
async def get_corrective_action(request: Request) -> Response:
    call = await begin(request, ACTIONS.permission("read"))
    action_id = request.path_params["corrective_action_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, ACTIONS, action_id, moment)
    return await reads.get_record(call, ACTIONS, action_id)


@router.get(ONE + "/history", **documents.histories(ACTIONS))
async def get_corrective_action_history(request: Request) -> Response:
    call = await begin(request, ACTIONS.permission("read"))
    return await history.get_history(call, ACTIONS, request.path_params["corrective_action_id"])


@router.post(
    OF_TICKET,
    **documents.operation(
        "plan_corrective_action",
        "Plan what keeps the complaint from happening again",
        parameters=[TICKET, documents.IDEMPOTENCY_KEY],
        body=ActionCreate,
        response_model=ActionRead,
        status_code=201,
        responses={201: {"description": "Planned"}, **documents.problems(404, 409, 413, 415, 422)},
    ),
)
async def plan_corrective_action(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    ticket_id, raw = id_in_path(request.path_params["ticket_id"]), await call.body()
    data = writes.parse(ActionCreate, raw)

    async def write(connection: Connection) -> Answer:
        state = await service.plan_action(call, connection, ticket_id, data)
        return Answer(201, state_bytes(state), {"etag": writes.etag_of(state)})

    return await answer_once(call, write, fingerprint_of=raw)


@router.patch(
    OF_TICKET_ONE, **_writes("update", "Change an open action", ActionUpdate, takes_key=False)
)
async def update_corrective_action(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    version, raw, place = writes.wanted_version(call), await call.body(), _place(request)
    data = writes.parse(ActionUpdate, raw)
    return await writes.act(
        call,
        lambda connection: service.update_action(call, connection, place, data, version),
        raw=raw,
    )


@router.delete(
    OF_TICKET_ONE, **_writes("drop", "Take an open action off the plan", takes_key=False)
)
async def drop_corrective_action(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    version, place = writes.wanted_version(call), _place(request)
    return await writes.act(
        call, lambda connection: service.drop_action(call, connection, place, version)
    )


@router.post(OF_TICKET_ONE + "/finish", **_writes("finish", "Say that an action was done"))
async def finish_corrective_action(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    version, place = writes.wanted_version(call), _place(request)
    return await writes.act(
        call, lambda connection: service.finish_action(call, connection, place, version)
    )


@router.post(
    OF_TICKET_ONE + "/check", **_writes("check", "Say whether an action helped", ActionCheck)
)
async def check_corrective_action(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    version, raw, place = writes.wanted_version(call), await call.body(), _place(request)
    data = writes.parse(ActionCheck, raw)
    return await writes.act(
        call,
        lambda connection: service.check_action(call, connection, place, data, version),
        raw=raw,
    )


def _place(request: Request) -> tuple[UUID, UUID]:
    """The ids of the ticket and the action."""
    parts = request.path_params
    return id_in_path(parts["ticket_id"]), id_in_path(parts["corrective_action_id"])

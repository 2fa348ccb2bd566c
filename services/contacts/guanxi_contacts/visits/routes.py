"""Visits over HTTP. Listed before activities: `check-in` is no activity's id."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.activities.resources import ACTIVITIES
from guanxi_contacts.visits import service
from guanxi_contacts.visits.schemas import CheckIn, CheckOut, UnplannedCheckIn, VisitRead
from guanxi_shared import documents, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import Connection
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import State, state_bytes

router = APIRouter(tags=["activities"])
PATH = "/v1/activities"
ONE = PATH + "/{activity_id}"
REFUSED = documents.problems(404, 409, 413, 415, 422)


def _checks(operation_id: str, summary: str, body: Any) -> dict[str, Any]:
    return documents.operation(
        operation_id,
        summary,
        parameters=[documents.path_id("activity_id"), documents.IDEMPOTENCY_KEY],
        body=body,
        response_model=ACTIVITIES.model,
        responses=REFUSED,
    )


@router.post(
    ONE + "/check-in",
    **_checks("check_in_activity", "Arrive: position, distance from the account, both clocks", CheckIn),
)  # fmt: skip
async def check_in(request: Request) -> Response:
    return await _check(await begin(request, "activities:update"), CheckIn, service.check_in)


@router.post(
    ONE + "/check-out",
    **_checks("check_out_activity", "Leave a visit that was arrived at", CheckOut),
)
async def check_out(request: Request) -> Response:
    return await _check(await begin(request, "activities:update"), CheckOut, service.check_out)


async def _check(
    call: Call, model: type[CheckIn],
    work: Callable[[Call, Connection, UUID, CheckIn], Awaitable[State]],
) -> Response:  # fmt: skip
    raw = await call.body()
    data = writes.parse(model, raw)
    activity_id = id_in_path(call.request.path_params["activity_id"])
    return await writes.act(
        call, lambda connection: work(call, connection, activity_id, data), raw=raw
    )


@router.post(
    PATH + "/check-in",
    **documents.operation(
        "check_in_unplanned",
        "Arrive without a plan: makes the visit and checks in, in one transaction",
        parameters=[documents.IDEMPOTENCY_KEY],
        body=UnplannedCheckIn,
        response_model=ACTIVITIES.model,
        status_code=201,
        responses={
            200: {"model": ACTIVITIES.model, "description": "It was there already, identical."},
            **documents.problems(409, 413, 415, 422),
        },
    ),
)
async def check_in_unplanned(request: Request) -> Response:
    call = await begin(request, "activities:create")
    call.by.demand("accounts:read")
    raw = await call.body()
    data = writes.parse(UnplannedCheckIn, raw)

    async def write(connection: Connection) -> Answer:
        state, is_new = await service.check_in_unplanned(call, connection, data)
        headers = {"etag": writes.etag_of(state), "location": f"{PATH}/{state['id']}"}
        return Answer(201 if is_new else 200, state_bytes(state), headers)

    return await answer_once(call, write, fingerprint_of=raw)


@router.get(
    ONE + "/visit",
    **documents.operation(
        "get_activity_visit",
        "Check-in and check-out with positions, distances and clocks",
        parameters=[documents.path_id("activity_id")],
        response_model=VisitRead,
        responses=documents.problems(404),
    ),
)
async def get_activity_visit(request: Request) -> Response:
    call = await begin(request, "activities:read")
    visit = await service.read_visit(call, id_in_path(request.path_params["activity_id"]))
    return Response(state_bytes(visit), media_type="application/json")

"""Complaints and their loop over HTTP."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, pages, reads, writes
from guanxi_shared.calls import Call, begin
from guanxi_shared.errors import NotFound
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import json_response
from guanxi_shared.pages import OPTIONS, ListQuery
from guanxi_tickets.complaints import service
from guanxi_tickets.complaints.lessons import write_lesson
from guanxi_tickets.complaints.reading import complaint_fields, read_loop
from guanxi_tickets.complaints.report import read_report
from guanxi_tickets.complaints.report_schemas import LoopReport
from guanxi_tickets.complaints.resources import COMPLAINTS, IS_COMPLAINT, LOOPS
from guanxi_tickets.complaints.round_rules import STEPS
from guanxi_tickets.complaints.schemas import (
    LessonArticle,
    Loop,
    RoundRead,
    RoundUpdate,
    StepDone,
    StepSkipped,
)
from guanxi_tickets.complaints.step_names import StepName
from guanxi_tickets.service_reports import past

router = APIRouter(tags=["complaints"])
PATH = "/v1/complaints"
LOOP = "/v1/tickets/{ticket_id}/loop"
TICKET = documents.path_id("ticket_id")
STEP_PATH = LOOP + "/steps/{step}"
STEP = {
    "name": "step", "in": "path", "required": True,
    "schema": {"type": "string", "enum": list(STEPS)},
}  # fmt: skip


@router.get(PATH, **documents.lists(COMPLAINTS))
async def list_complaints(request: Request) -> Response:
    call = await begin(request, LOOPS.permission("read"))
    fields = await complaint_fields(call)
    raw: bytes = request.scope["query_string"]
    return await _answer(call, pages.from_query_string(raw, COMPLAINTS, fields, call.clock))


@router.post(PATH + "/search", **documents.searches(COMPLAINTS))
async def search_complaints(request: Request) -> Response:
    call = await begin(request, LOOPS.permission("read"))
    fields = await complaint_fields(call)
    return await _answer(
        call, pages.from_document(await call.json(), COMPLAINTS, fields, call.clock)
    )


async def _answer(call: Call, query: ListQuery) -> Response:
    within = replace(query, within=(IS_COMPLAINT,))
    return await reads.answer_list(call, COMPLAINTS, await reads.prepared(call, within))


@router.get(
    PATH + "/loop-report",
    **documents.operation(
        "get_loop_report",
        "How complaints went: causes, steps with their times, rounds, actions, each with its search document",
        parameters=[
            documents.query_parameter("from", "string", "Made at or after: a time, a day, -30d."),
            documents.query_parameter("until", "string", "Made before."),
            past.PARAMETER,
            *(each for each in documents.list_parameters(COMPLAINTS) if each["name"] not in OPTIONS),
        ],
        response_model=LoopReport,
        responses=documents.problems(),
    ),
)  # fmt: skip
async def get_loop_report(request: Request) -> Response:
    call = await begin(request, LOOPS.permission("read"))
    return json_response(await read_report(call))


@router.get(
    LOOP,
    **documents.operation(
        "get_ticket_loop",
        "Every round of a complaint with its six steps, tasks of other departments and corrective actions",
        parameters=[TICKET],
        response_model=Loop,
        responses=documents.problems(404),
    ),
)
async def get_ticket_loop(request: Request) -> Response:
    call = await begin(request, LOOPS.permission("read"))
    found = await read_loop(call, id_in_path(request.path_params["ticket_id"]))
    return json_response({"data": found})


@router.patch(
    LOOP,
    **documents.operation(
        "update_ticket_loop",
        "Say what the round comes to: its cause, and the lesson",
        parameters=[TICKET, documents.IF_MATCH],
        body=RoundUpdate,
        response_model=RoundRead,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)
async def update_ticket_loop(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    ticket_id, raw = id_in_path(request.path_params["ticket_id"]), await call.body()
    version, data = writes.wanted_version(call), writes.parse(RoundUpdate, raw)
    return await writes.act(
        call,
        lambda connection: service.update_round(call, connection, ticket_id, data, version),
        raw=raw,
    )


@router.post(
    LOOP + "/lesson",
    **documents.operation(
        "write_loop_lesson",
        "Make the lesson a draft of the knowledge base",
        parameters=[TICKET, documents.IF_MATCH, documents.IDEMPOTENCY_KEY],
        body=LessonArticle,
        response_model=RoundRead,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    ),
)
async def write_loop_lesson(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    call.by.demand("articles:create")
    ticket_id, raw = id_in_path(request.path_params["ticket_id"]), await call.body()
    version, data = writes.wanted_version(call), writes.parse(LessonArticle, raw)
    return await writes.act(
        call,
        lambda connection: write_lesson(call, connection, ticket_id, data, version),
        raw=raw,
    )


def _step(verb: str, summary: str, body: type[BaseModel] | None = None) -> dict[str, Any]:
    return documents.operation(
        f"{verb}_loop_step",
        summary,
        parameters=[TICKET, STEP, documents.IF_MATCH, documents.IDEMPOTENCY_KEY],
        body=body,
        response_model=RoundRead,
        responses=documents.problems(404, 409, 412, 413, 415, 422),
    )


@router.post(STEP_PATH + "/complete", **_step("complete", "Say that a step was done", StepDone))
async def complete_loop_step(request: Request) -> Response:
    return await _end(request, StepDone, service.complete_step)


@router.post(STEP_PATH + "/skip", **_step("skip", "Skip a step, with the reason", StepSkipped))
async def skip_loop_step(request: Request) -> Response:
    return await _end(request, StepSkipped, service.skip_step)


@router.post(STEP_PATH + "/reopen", **_step("reopen", "Open a step again"))
async def reopen_loop_step(request: Request) -> Response:
    call = await begin(request, "tickets:update")
    ticket_id, step = id_in_path(request.path_params["ticket_id"]), _named(request)
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.reopen_step(call, connection, ticket_id, step, version)
    )


async def _end(
    request: Request, model: type[BaseModel], end: Callable[..., Awaitable[dict[str, Any]]]
) -> Response:
    call = await begin(request, "tickets:update")
    ticket_id, step = id_in_path(request.path_params["ticket_id"]), _named(request)
    version, raw = writes.wanted_version(call), await call.body()
    data = writes.parse(model, raw)
    return await writes.act(
        call, lambda connection: end(call, connection, ticket_id, step, data, version), raw=raw
    )


def _named(request: Request) -> StepName:
    step = request.path_params["step"]
    if step not in STEPS:
        raise NotFound(f"There is no step {step[:40]!r}; there are: {', '.join(STEPS)}.")
    return cast("StepName", step)

"""Schedules of reports over HTTP."""

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.press.forms import TYPES
from guanxi_analytics.schedules import service
from guanxi_analytics.schedules.keeping import find_file
from guanxi_analytics.schedules.resource import PATH, SCHEDULES
from guanxi_analytics.schedules.schemas import ReportLetters, ScheduleCreate, ScheduleUpdate
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import json_response
from guanxi_shared.parameters import parameters_of

router = APIRouter(tags=["reports"])
ONE: Final = PATH + "/{report_schedule_id}"
ID: Final = "report_schedule_id"
FILE: Final = {
    "description": "The file",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}


@router.get(ONE, **documents.gets(SCHEDULES, has_past=False))
async def get_report_schedule(request: Request) -> Response:
    call = await begin(request, "reports:read")
    return await reads.get_record(call, SCHEDULES, request.path_params[ID])


@router.get(PATH, **documents.lists(SCHEDULES))
async def list_report_schedules(request: Request) -> Response:
    return await reads.list_records(await begin(request, "reports:read"), SCHEDULES)


@router.post(PATH, **documents.creates(SCHEDULES, ScheduleCreate))
async def create_report_schedule(request: Request) -> Response:
    call = await begin(request, "reports:create")
    call.by.demand("analytics:read")
    return await writes.create(call, SCHEDULES, ScheduleCreate, service.create_schedule, path=PATH)


@router.patch(ONE, **documents.updates(SCHEDULES, ScheduleUpdate))
async def update_report_schedule(request: Request) -> Response:
    call = await begin(request, "reports:update")
    id, version = id_in_path(request.path_params[ID]), writes.wanted_version(call)
    return await writes.update(
        call,
        ScheduleUpdate,
        lambda connection, data: service.update_schedule(call, connection, id, data, version),
    )


@router.delete(ONE, **documents.acts(SCHEDULES, "delete", "Send it no more", takes_key=False))
async def delete_report_schedule(request: Request) -> Response:
    call = await begin(request, "reports:delete")
    id, version = id_in_path(request.path_params[ID]), writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_schedule(call, connection, id, version)
    )


@router.post(ONE + "/restore", **documents.acts(SCHEDULES, "restore", "Send it again"))
async def restore_report_schedule(request: Request) -> Response:
    call = await begin(request, "reports:delete")
    id = id_in_path(request.path_params[ID])
    return await writes.act(call, lambda connection: service.restore_schedule(call, connection, id))


@router.get(ONE + "/history", **documents.histories(SCHEDULES))
async def get_report_schedule_history(request: Request) -> Response:
    call = await begin(request, "reports:read")
    return await history.get_history(call, SCHEDULES, request.path_params[ID])


@router.get(
    ONE + "/letters",
    **documents.operation(
        "list_report_letters",
        "What a schedule sent, newest first",
        parameters=[documents.path_id(ID)],
        response_model=ReportLetters,
        responses=documents.problems(404),
    ),
)
async def list_report_letters(request: Request) -> Response:
    call = await begin(request, "reports:read")
    parameters_of(call, ())
    found = await service.list_letters(call, id_in_path(request.path_params[ID]))
    page = {"next_cursor": None, "has_more": False, "total": None}
    return json_response({"data": found, "page": page})


@router.get(
    ONE + "/letters/{letter_id}/file",
    **documents.operation(
        "get_report_file",
        "The file that `analytics.report.ready` told of: for the owner of the schedule, for 30 days",
        parameters=[documents.path_id(ID), documents.path_id("letter_id")],
        responses={200: FILE, **documents.problems(404)},
    ),
)
async def get_report_file(request: Request) -> Response:
    call = await begin(request, "reports:read")
    call.by.demand("analytics:read")
    parameters_of(call, ())
    ids = (id_in_path(request.path_params[name]) for name in (ID, "letter_id"))
    form, body, day = await find_file(call, *ids)
    headers = {"content-disposition": f'attachment; filename="report-{day}.{form}"'}
    return Response(body, media_type=TYPES[form], headers=headers)

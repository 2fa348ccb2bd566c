"""Reports over HTTP: kept, run, drawn, exported."""

from typing import Any, Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.press import forms
from guanxi_analytics.press.beside import press_of
from guanxi_analytics.reports import service
from guanxi_analytics.reports.exporting import WRITTEN, export
from guanxi_analytics.reports.presenting import draw
from guanxi_analytics.reports.resource import PATH, REPORTS
from guanxi_analytics.reports.running import run_report
from guanxi_analytics.reports.schemas import (
    PredefinedReports,
    ReportCreate,
    ReportRun,
    ReportUpdate,
)
from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import begin, house
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.parameters import parameters_of

router = APIRouter(tags=["reports"])
ONE: Final = PATH + "/{report_id}"
FORMS: Final = ("json", "svg", "png", *WRITTEN)
NAMED: Final[dict[str, Any]] = {
    "name": "report_id", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 60},
    "description": "Its id, or the name of a predefined one.",
}  # fmt: skip
AS_OF: Final = documents.query_parameter(
    "as_of", "string", "What it showed then; relative days count from that moment.", format="date-time"
)  # fmt: skip


@router.get(
    PATH + "/predefined",
    **documents.operation(
        "list_predefined_reports",
        "Reports that everybody has",
        response_model=PredefinedReports,
        responses=documents.problems(),
    ),
)
async def list_predefined_reports(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    parameters_of(call, ())
    body = orjson.dumps({"data": service.list_predefined(call)})
    return Response(body, media_type="application/json")


@router.get(ONE, **documents.gets(REPORTS, has_past=False))
async def get_report(request: Request) -> Response:
    call = await begin(request, "reports:read")
    return await reads.get_record(call, REPORTS, request.path_params["report_id"])


@router.get(PATH, **documents.lists(REPORTS))
async def list_reports(request: Request) -> Response:
    return await reads.list_records(await begin(request, "reports:read"), REPORTS)


@router.post(PATH, **documents.creates(REPORTS, ReportCreate))
async def create_report(request: Request) -> Response:
    call = await begin(request, "reports:create")
    return await writes.create(call, REPORTS, ReportCreate, service.create_report, path=PATH)


@router.patch(ONE, **documents.updates(REPORTS, ReportUpdate))
async def update_report(request: Request) -> Response:
    call = await begin(request, "reports:update")
    report_id, version = id_in_path(request.path_params["report_id"]), writes.wanted_version(call)
    return await writes.update(
        call,
        ReportUpdate,
        lambda connection, data: service.update_report(call, connection, report_id, data, version),
    )


@router.delete(ONE, **documents.acts(REPORTS, "delete", "Give a report up", takes_key=False))
async def delete_report(request: Request) -> Response:
    call = await begin(request, "reports:delete")
    report_id, version = id_in_path(request.path_params["report_id"]), writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_report(call, connection, report_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(REPORTS, "restore", "Bring a deleted report back"))
async def restore_report(request: Request) -> Response:
    call = await begin(request, "reports:delete")
    report_id = id_in_path(request.path_params["report_id"])
    return await writes.act(
        call, lambda connection: service.restore_report(call, connection, report_id)
    )


@router.get(ONE + "/history", **documents.histories(REPORTS))
async def get_report_history(request: Request) -> Response:
    call = await begin(request, "reports:read")
    return await history.get_history(call, REPORTS, request.path_params["report_id"])


@router.get(
    ONE + "/run",
    **documents.operation(
        "run_report",
        "A report's answer, as it is or was: as JSON, as a picture, as a table",
        parameters=[NAMED, AS_OF, *forms.parameters(FORMS)],
        response_model=ReportRun,
        responses={**forms.contents(FORMS), **documents.problems(404, 422)},
    ),
)
async def run(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    sent = parameters_of(call, ("as_of", "format", "language"))
    form = forms.form_of(call, sent, FORMS, "json")
    report = await service.find_report(call, request.path_params["report_id"])
    ran = await run_report(call, report, sent.get("as_of"))
    if form == "json":
        return Response(ran.document, media_type="application/json", headers={"vary": "Accept"})
    press, language = press_of(house(request)), await forms.language_of(call, sent)
    if form in WRITTEN:
        body, name = await export(press, ran, form, language), f"report.{form}"
        headers = {"content-disposition": f'attachment; filename="{name}"', "vary": "Accept"}
        return Response(body, media_type=WRITTEN[form][0], headers=headers)
    body = await draw(call, press, ran, form, language)
    return Response(body, media_type=forms.TYPES[form], headers={"vary": "Accept"})

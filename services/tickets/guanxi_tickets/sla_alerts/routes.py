"""Warnings and breaches over HTTP: they are read; the worker alone writes them."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, reads
from guanxi_shared.calls import begin
from guanxi_tickets.sla_alerts.resources import ALERTS

router = APIRouter(tags=["service levels"])
PATH = "/v1/sla-alerts"


@router.get(PATH, **documents.lists(ALERTS))
async def list_sla_alerts(request: Request) -> Response:
    return await reads.list_records(await begin(request, "tickets:read"), ALERTS)


@router.post(PATH + "/search", **documents.searches(ALERTS))
async def search_sla_alerts(request: Request) -> Response:
    return await reads.search_records(await begin(request, "tickets:read"), ALERTS)


@router.get(PATH + "/{sla_id}", **documents.gets(ALERTS, has_past=False))
async def get_sla_alert(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    return await reads.get_record(call, ALERTS, request.path_params["sla_id"])

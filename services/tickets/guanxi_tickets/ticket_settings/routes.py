"""The settings for tickets over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, writes
from guanxi_shared.calls import begin
from guanxi_shared.records import state_bytes
from guanxi_tickets.ticket_settings import service
from guanxi_tickets.ticket_settings.schemas import TicketSettingsRead, TicketSettingsUpdate

router = APIRouter(tags=["tickets"])
PATH = "/v1/tickets/settings"


@router.get(
    PATH,
    **documents.operation(
        "get_ticket_settings",
        "How tickets are worked here: states with their moves, the table of priorities",
        response_model=TicketSettingsRead,
        responses=documents.problems(),
    ),
)
async def get_ticket_settings(request: Request) -> Response:
    state = await service.get_ticket_settings(await begin(request, "tickets:read"))
    headers = {"etag": writes.etag_of(state)}
    return Response(state_bytes(state), media_type="application/json", headers=headers)


@router.patch(
    PATH,
    **documents.operation(
        "update_ticket_settings",
        "Change what is sent of the settings for tickets (admins)",
        parameters=[documents.IF_MATCH],
        body=TicketSettingsUpdate,
        response_model=TicketSettingsRead,
        responses=documents.problems(409, 412, 413, 415, 422),
    ),
)
async def update_ticket_settings(request: Request) -> Response:
    call = await begin(request, "tickets:approve")
    version, raw = writes.wanted_version(call), await call.body()
    data = writes.parse(TicketSettingsUpdate, raw)
    return await writes.act(
        call,
        lambda connection: service.update_ticket_settings(call, connection, data, version),
        raw=raw,
    )

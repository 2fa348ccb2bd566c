"""Business calendars over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_tickets.business_calendars import service
from guanxi_tickets.business_calendars.resources import CALENDARS
from guanxi_tickets.business_calendars.schemas import CalendarCreate, CalendarUpdate

router = APIRouter(tags=["service levels"])
PATH = "/v1/business-calendars"
ONE = PATH + "/{business_calendar_id}"


@router.get(PATH, **documents.lists(CALENDARS))
async def list_business_calendars(request: Request) -> Response:
    return await reads.list_records(await begin(request, "business-calendars:read"), CALENDARS)


@router.get(ONE, **documents.gets(CALENDARS))
async def get_business_calendar(request: Request) -> Response:
    call = await begin(request, "business-calendars:read")
    business_calendar_id = request.path_params["business_calendar_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, CALENDARS, business_calendar_id, moment)
    return await reads.get_record(call, CALENDARS, business_calendar_id)


@router.post(PATH, **documents.creates(CALENDARS, CalendarCreate))
async def create_business_calendar(request: Request) -> Response:
    call = await begin(request, "business-calendars:create")
    return await writes.create(call, CALENDARS, CalendarCreate, service.create_calendar, path=PATH)


@router.patch(ONE, **documents.updates(CALENDARS, CalendarUpdate))
async def update_business_calendar(request: Request) -> Response:
    call = await begin(request, "business-calendars:update")
    business_calendar_id = id_in_path(request.path_params["business_calendar_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        CalendarUpdate,
        lambda connection, data: service.update_calendar(
            call, connection, business_calendar_id, data, version
        ),
    )


@router.delete(
    ONE, **documents.acts(CALENDARS, "delete", "Put a business calendar away", takes_key=False)
)
async def delete_business_calendar(request: Request) -> Response:
    call = await begin(request, "business-calendars:delete")
    business_calendar_id = id_in_path(request.path_params["business_calendar_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call,
        lambda connection: service.delete_calendar(call, connection, business_calendar_id, version),
    )


@router.get(ONE + "/history", **documents.histories(CALENDARS))
async def get_business_calendar_history(request: Request) -> Response:
    call = await begin(request, "business-calendars:read")
    return await history.get_history(call, CALENDARS, request.path_params["business_calendar_id"])

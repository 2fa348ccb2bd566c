"""Forms over HTTP for everybody: no token."""

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents
from guanxi_shared.calls import house
from guanxi_shared.files.receiving import FORM, is_form
from guanxi_shared.web_forms.public import KEY, asked, taken
from guanxi_shared.web_forms.taking import URLENCODED, find_form
from guanxi_tickets.ticket_forms.schemas import PublicTicketForm, TicketThanks
from guanxi_tickets.ticket_forms.taking import TABLE, take_form
from guanxi_tickets.tickets.resources import TICKETS

router = APIRouter(tags=["public"])
PATH = "/v1/public/ticket-forms/{key}"
TAKEN = taken()
_content = TAKEN["requestBody"]["content"]
_content[FORM] = _content["application/json"]


@router.get(
    PATH,
    operation_id="get_public_ticket_form",
    summary="What a form asks for; no token",
    openapi_extra={"parameters": [KEY], "security": []},
    response_model=PublicTicketForm,
    responses=documents.problems(404),
)
async def get_public_ticket_form(request: Request) -> Response:
    here = house(request)
    form = await find_form(here, TABLE, request.path_params["key"])
    own = await here.custom_fields.definitions(form.organisation, TICKETS)
    return _json({**asked(form.row, own), "takes_files": form.row["takes_files"]})


@router.post(
    PATH,
    operation_id="submit_public_ticket_form",
    summary="Fill in a form: a new ticket, its number and a link to follow it; no token",
    openapi_extra=TAKEN,
    response_model=TicketThanks,
    status_code=201,
    responses={
        303: {"description": "Taken from a browser; go on to the form's own page."},
        **documents.problems(404, 413, 415, 422),
    },
)
async def submit_public_ticket_form(request: Request) -> Response:
    form, ticket, link = await take_form(request, request.path_params["key"])
    is_browser = URLENCODED in request.headers.get("content-type", "") or is_form(request)
    if is_browser and form.row["redirect_url"]:
        return Response(status_code=303, headers={"location": form.row["redirect_url"]})
    thanks = {name: form.row[name] for name in ("thanks_text", "redirect_url")}
    follow = link and {name: link[name] for name in ("token", "path", "expires_at")}
    number = None if ticket is None else ticket["number"]
    return _json({**thanks, "number": number, "follow": follow}, status=201)


def _json(value: Any, *, status: int = 200) -> Response:
    headers = {"cache-control": "no-store"}
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z)
    return Response(body, status, headers, media_type="application/json")

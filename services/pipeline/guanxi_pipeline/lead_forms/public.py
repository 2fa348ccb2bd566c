"""Web forms over HTTP for everybody: no token. That any page may ask is said by the gateway, to which
pages talk; said twice, browsers refuse it."""

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.lead_forms.taking import TABLE, take_form
from guanxi_pipeline.leads.resources import LEADS
from guanxi_shared import documents
from guanxi_shared.calls import house
from guanxi_shared.web_forms.public import KEY, asked, taken
from guanxi_shared.web_forms.schemas import PublicForm, PublicThanks
from guanxi_shared.web_forms.taking import URLENCODED, find_form

router = APIRouter(tags=["public"])
PATH = "/v1/public/forms/{key}"


@router.get(
    PATH,
    operation_id="get_public_form",
    summary="What a web form asks for; no token",
    openapi_extra={"parameters": [KEY], "security": []},
    response_model=PublicForm,
    responses=documents.problems(404),
)
async def get_public_form(request: Request) -> Response:
    here = house(request)
    form = await find_form(here, TABLE, request.path_params["key"])
    own = await here.custom_fields.definitions(form.organisation, LEADS)
    return _json(asked(form.row, own))


@router.post(
    PATH,
    operation_id="submit_public_form",
    summary="Fill in a web form: a new lead; no token",
    openapi_extra=taken(),
    response_model=PublicThanks,
    status_code=201,
    responses={
        303: {"description": "Taken from a browser; go on to the form's own page."},
        **documents.problems(404, 413, 415, 422),
    },
)
async def submit_public_form(request: Request) -> Response:
    form = await take_form(request, request.path_params["key"])
    is_browser = URLENCODED in request.headers.get("content-type", "")
    if is_browser and form.row["redirect_url"]:
        return Response(status_code=303, headers={"location": form.row["redirect_url"]})
    thanks = {name: form.row[name] for name in ("thanks_text", "redirect_url")}
    return _json(thanks, status=201)


def _json(value: Any, *, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")

"""Web forms over HTTP for everybody: no token, any page may ask (`Access-Control-Allow-Origin: *`)."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.lead_forms.schemas import PublicForm, PublicSubmission, PublicThanks
from guanxi_pipeline.lead_forms.taking import URLENCODED, Form, find_form, take_form
from guanxi_shared import documents
from guanxi_shared.calls import house
from guanxi_shared.errors import Problem

router = APIRouter(tags=["public"])
PATH = "/v1/public/forms/{key}"
KEY = {"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}
ANY_PAGE = {"access-control-allow-origin": "*"}
PREFLIGHT = ANY_PAGE | {
    "access-control-allow-methods": "GET, POST", "access-control-allow-headers": "content-type",
    "access-control-max-age": "86400",
}  # fmt: skip


def _taken() -> dict[str, Any]:
    body = documents.body_of(PublicSubmission)
    content = body["requestBody"]["content"]
    content[URLENCODED] = content["application/json"]
    return {"parameters": [KEY], "security": [], **body}


async def _for_any_page(work: Callable[[], Awaitable[Response]]) -> Response:
    """Refusals too are for the page to read."""
    try:
        response = await work()
    except Problem as problem:
        problem.headers |= ANY_PAGE
        raise
    response.headers.update(ANY_PAGE)
    return response


@router.get(
    PATH,
    operation_id="get_public_form",
    summary="What a web form asks for; no token",
    openapi_extra={"parameters": [KEY], "security": []},
    response_model=PublicForm,
    responses=documents.problems(404),
)
async def get_public_form(request: Request) -> Response:
    async def work() -> Response:
        form = await find_form(house(request), request.path_params["key"])
        return _json(_asked(form))

    return await _for_any_page(work)


@router.post(
    PATH,
    operation_id="submit_public_form",
    summary="Fill in a web form: a new lead; no token",
    openapi_extra=_taken(),
    response_model=PublicThanks,
    status_code=201,
    responses={
        303: {"description": "Taken from a browser; go on to the form's own page."},
        **documents.problems(404, 413, 415, 422),
    },
)
async def submit_public_form(request: Request) -> Response:
    async def work() -> Response:
        form = await take_form(request, request.path_params["key"])
        is_browser = URLENCODED in request.headers.get("content-type", "")
        if is_browser and form.row["redirect_url"]:
            return Response(status_code=303, headers={"location": form.row["redirect_url"]})
        thanks = {name: form.row[name] for name in ("thanks_text", "redirect_url")}
        return _json(thanks, status=201)

    return await _for_any_page(work)


@router.options(PATH, include_in_schema=False)
async def allow_public_form(request: Request) -> Response:
    return Response(status_code=204, headers=PREFLIGHT)


def _asked(form: Form) -> dict[str, Any]:
    row = form.row
    consent = {"text": row["consent_text"], "is_required": row["is_consent_required"]}
    return {
        "name": row["name"], "fields": row["fields"], "honeypot": row["honeypot"],
        "consent": consent if row["consent_text"] else None,
    }  # fmt: skip


def _json(value: Any, *, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")

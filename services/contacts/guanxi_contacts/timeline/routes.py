"""Timelines over HTTP."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.resources import ACCOUNTS, CONTACTS
from guanxi_contacts.timeline.rules import KINDS, asked_from
from guanxi_contacts.timeline.schemas import TimelinePage
from guanxi_contacts.timeline.service import read_timeline
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.erasing.tombstones import or_gone
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.pages import query_pairs
from guanxi_shared.records import state_bytes
from guanxi_shared.resources import Resource

router = APIRouter(tags=["timeline"])


def _described(resource: Resource) -> dict[str, Any]:
    kinds = list(KINDS[resource.name])
    moment = "A time, a day, or a relative day such as -30d."
    several: dict[str, Any] = {
        "name": "kind", "in": "query", "required": False, "style": "form", "explode": False,
        "description": "Only these kinds, commas between.",
        "schema": {"type": "array", "items": {"type": "string", "enum": kinds}},
        "example": kinds[:2],
    }  # fmt: skip
    return documents.operation(
        f"get_{resource.noun}_timeline",
        f"Everything about one {resource.noun}, newest first",
        parameters=[
            documents.path_id(f"{resource.noun}_id"),
            several,
            documents.query_parameter("limit", "integer", "1 to 200", minimum=1, maximum=200),
            documents.query_parameter("cursor", "string", "The next_cursor of the page before."),
            documents.query_parameter("from", "string", f"From this moment on. {moment}"),
            documents.query_parameter("to", "string", f"Before this moment. {moment}"),
        ],
        response_model=TimelinePage,
        responses=documents.problems(404, 410),
    )


@router.get("/v1/accounts/{account_id}/timeline", **_described(ACCOUNTS))
async def get_account_timeline(request: Request) -> Response:
    return await _answer(request, ACCOUNTS)


@router.get("/v1/contacts/{contact_id}/timeline", **_described(CONTACTS))
async def get_contact_timeline(request: Request) -> Response:
    return await _answer(request, CONTACTS)


async def _answer(request: Request, resource: Resource) -> Response:
    call = await begin(request, resource.permission("read"))
    id_text = request.path_params[f"{resource.noun}_id"]
    pairs = query_pairs(request.scope["query_string"])
    asked = asked_from(pairs, call.clock, of=resource.name)
    read = read_timeline(call, resource, id_in_path(id_text), asked)
    page = await or_gone(call, resource, id_text, read)
    return Response(state_bytes(page), media_type="application/json")

"""Consents over HTTP, below their contact."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_contacts.consents import service
from guanxi_contacts.consents.schemas import ConsentCheck, ConsentCreate, ConsentPage, ConsentRead
from guanxi_contacts.models.privacy import CHANNELS, PURPOSES
from guanxi_shared import documents, writes
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.documents import operation, path_id, problems, query_parameter
from guanxi_shared.errors import Malformed
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.job_routes import cursor_id, limit_of
from guanxi_shared.pages import MAX_LIMIT, query_pairs
from guanxi_shared.records import state_bytes

router = APIRouter(tags=["consents"])
PATH = "/v1/contacts/{contact_id}/consents"
PAGING = [
    query_parameter("limit", "integer", "1 to 200, 50 if absent", minimum=1, maximum=MAX_LIMIT),
    query_parameter("cursor", "string", "The next_cursor of the page before."),
]
ASKED = [
    {"name": "channel", "in": "query", "required": True,
     "schema": {"type": "string", "enum": list(CHANNELS)}},
    {"name": "purpose", "in": "query", "required": True,
     "schema": {"type": "string", "enum": list(PURPOSES)}},
]  # fmt: skip


@router.get(
    PATH,
    **operation(
        "list_contact_consents", "What a person said, the newest first, and what of it counts now",
        parameters=[path_id("contact_id"), *PAGING], response_model=ConsentPage,
        responses=problems(404, 410),
    ),
)  # fmt: skip
async def list_contact_consents(request: Request) -> Response:
    call = await begin(request, "contacts:read")
    contact_id = id_in_path(request.path_params["contact_id"])
    options = _options(request, "limit", "cursor")
    limit = limit_of(options.get("limit"))
    found, present = await service.read_consents(
        call, contact_id, before=cursor_id(options.get("cursor")), limit=limit
    )
    data = found[:limit]
    following = str(data[-1]["id"]) if len(found) > limit else None
    page = {"next_cursor": following, "has_more": following is not None, "total": None}
    return _json({"data": data, "present": present, "page": page})


@router.post(
    PATH,
    **operation(
        "record_contact_consent", "Write down that a person granted, denied or withdrew a consent",
        parameters=[path_id("contact_id"), documents.IDEMPOTENCY_KEY], body=ConsentCreate,
        response_model=ConsentRead, status_code=201, responses=problems(404, 409, 410, 413, 415, 422),
    ),
)  # fmt: skip
async def record_contact_consent(request: Request) -> Response:
    call = await begin(request, "contacts:update")
    contact_id = id_in_path(request.path_params["contact_id"])
    raw = await call.body()
    data = writes.parse(ConsentCreate, raw)

    async def work(connection: Connection) -> Answer:
        status, state = await service.record_consent(call, connection, contact_id, data)
        return Answer(status, state_bytes(state))

    return await answer_once(call, work, fingerprint_of=raw)


@router.get(
    PATH + "/check",
    **operation(
        "check_contact_consent", "Whether a person may be contacted so, and by what evidence",
        parameters=[path_id("contact_id"), *ASKED], response_model=ConsentCheck,
        responses=problems(404, 410),
    ),
)  # fmt: skip
async def check_contact_consent(request: Request) -> Response:
    call = await begin(request, "contacts:read")
    contact_id = id_in_path(request.path_params["contact_id"])
    options = _options(request, "channel", "purpose")
    for name, known in (("channel", CHANNELS), ("purpose", PURPOSES)):
        if options.get(name) not in known:
            raise Malformed(
                f"{name} must be one of: {', '.join(known)}.",
                errors={name: f"Send one of: {', '.join(known)}."},
            )
    found = await service.check_consent(call, contact_id, options["channel"], options["purpose"])
    return _json(found)


def _options(request: Request, *known: str) -> dict[str, str]:
    options = dict(query_pairs(request.scope["query_string"]))
    unknown = next((name for name in options if name not in known), None)
    if unknown is not None:
        raise Malformed(
            f"Consents do not take {unknown!r}.", errors={unknown: "Unknown parameter."},
            code="unknown_parameter",
        )  # fmt: skip
    return options


def _json(value: Any) -> Response:
    return Response(state_bytes(value), media_type="application/json")

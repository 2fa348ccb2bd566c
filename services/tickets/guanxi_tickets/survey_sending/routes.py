"""Invitations over HTTP: the worker sends most of them, people some by hand."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, reads, writes
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import JSON_OPTIONS
from guanxi_shared.records import state_bytes
from guanxi_tickets.survey_sending.by_hand import invite
from guanxi_tickets.survey_sending.links import read_link
from guanxi_tickets.survey_sending.resources import INVITATIONS
from guanxi_tickets.survey_sending.schemas import InvitationCreate, InvitationRead, SurveyLink

router = APIRouter(tags=["surveys"])
PATH = "/v1/survey-invitations"
ONE = PATH + "/{survey_invitation_id}"


@router.get(PATH, **documents.lists(INVITATIONS))
async def list_survey_invitations(request: Request) -> Response:
    return await reads.list_records(await begin(request, "survey-invitations:read"), INVITATIONS)


@router.post(PATH + "/search", **documents.searches(INVITATIONS))
async def search_survey_invitations(request: Request) -> Response:
    return await reads.search_records(await begin(request, "survey-invitations:read"), INVITATIONS)


@router.get(ONE, **documents.gets(INVITATIONS, has_past=False))
async def get_survey_invitation(request: Request) -> Response:
    call = await begin(request, "survey-invitations:read")
    invitation_id = request.path_params["survey_invitation_id"]
    return await reads.get_record(call, INVITATIONS, invitation_id)


@router.get(
    ONE + "/link",
    **documents.operation(
        "get_survey_link",
        "The link by which the customer answers, once; for those who may invite",
        parameters=[documents.path_id("survey_invitation_id")],
        response_model=SurveyLink,
        responses=documents.problems(404, 409),
    ),
)
async def get_survey_link(request: Request) -> Response:
    call = await begin(request, "survey-invitations:create")
    call.by.demand("survey-invitations:read")
    found = await read_link(call, id_in_path(request.path_params["survey_invitation_id"]))
    headers = {"cache-control": "no-store"}
    body = orjson.dumps(found, option=JSON_OPTIONS)
    return Response(body, media_type="application/json", headers=headers)


@router.post(
    "/v1/surveys/{survey_form_id}/invitations",
    **documents.operation(
        "create_survey_invitation",
        "Ask the requester of a ticket, or a contact, by hand; the link is at `/link`",
        parameters=[documents.path_id("survey_form_id"), documents.IDEMPOTENCY_KEY],
        body=InvitationCreate,
        response_model=InvitationRead,
        status_code=201,
        responses={201: {"description": "Sent"}, **documents.problems(404, 409, 413, 415, 422)},
    ),
)
async def create_survey_invitation(request: Request) -> Response:
    call = await begin(request, "survey-invitations:create")
    survey_id, raw = id_in_path(request.path_params["survey_form_id"]), await call.body()
    data = writes.parse(InvitationCreate, raw)

    async def write(connection: Connection) -> Answer:
        state = await invite(call, connection, survey_id, data)
        location = f"{PATH}/{state['id']}"
        return Answer(
            201, state_bytes(state), {"etag": writes.etag_of(state), "location": location}
        )

    return await answer_once(call, write, fingerprint_of=raw)

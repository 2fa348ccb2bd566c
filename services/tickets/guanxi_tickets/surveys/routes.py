"""Surveys over HTTP. What came of one is in survey_results/, what customers see in survey_answers/."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads, writes
from guanxi_shared.batch import BatchAnswer, BatchRequest, Verbs, finding, run_batch
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import json_response
from guanxi_tickets.surveys import service
from guanxi_tickets.surveys.resources import SURVEYS
from guanxi_tickets.surveys.schemas import Editions, SurveyCreate, SurveyUpdate

router = APIRouter(tags=["surveys"])
PATH = "/v1/surveys"
ONE = PATH + "/{survey_form_id}"


@router.get(PATH, **documents.lists(SURVEYS))
async def list_surveys(request: Request) -> Response:
    return await reads.list_records(await begin(request, "surveys:read"), SURVEYS)


@router.post(PATH + "/search", **documents.searches(SURVEYS))
async def search_surveys(request: Request) -> Response:
    return await reads.search_records(await begin(request, "surveys:read"), SURVEYS)


@router.get(ONE, **documents.gets(SURVEYS))
async def get_survey(request: Request) -> Response:
    call = await begin(request, "surveys:read")
    survey_id = request.path_params["survey_form_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, SURVEYS, survey_id, moment)
    return await reads.get_record(call, SURVEYS, survey_id)


@router.post(PATH, **documents.creates(SURVEYS, SurveyCreate))
async def create_survey(request: Request) -> Response:
    call = await begin(request, "surveys:create")
    return await writes.create(call, SURVEYS, SurveyCreate, service.create_survey, path=PATH)


@router.patch(ONE, **documents.updates(SURVEYS, SurveyUpdate))
async def update_survey(request: Request) -> Response:
    call = await begin(request, "surveys:update")
    survey_id = id_in_path(request.path_params["survey_form_id"])
    version = writes.wanted_version(call)
    return await writes.update(
        call,
        SurveyUpdate,
        lambda connection, data: service.update_survey(call, connection, survey_id, data, version),
    )


@router.delete(ONE, **documents.acts(SURVEYS, "delete", "Put a survey away", takes_key=False))
async def delete_survey(request: Request) -> Response:
    call = await begin(request, "surveys:delete")
    survey_id = id_in_path(request.path_params["survey_form_id"])
    version = writes.wanted_version(call)
    return await writes.act(
        call, lambda connection: service.delete_survey(call, connection, survey_id, version)
    )


@router.post(ONE + "/restore", **documents.acts(SURVEYS, "restore", "Take a survey out again"))
async def restore_survey(request: Request) -> Response:
    call = await begin(request, "surveys:delete")
    survey_id = id_in_path(request.path_params["survey_form_id"])
    return await writes.act(
        call, lambda connection: service.restore_survey(call, connection, survey_id)
    )


@router.get(ONE + "/history", **documents.histories(SURVEYS))
async def get_survey_history(request: Request) -> Response:
    call = await begin(request, "surveys:read")
    return await history.get_history(call, SURVEYS, request.path_params["survey_form_id"])


@router.get(
    ONE + "/editions",
    **documents.operation(
        "list_survey_editions",
        "What was asked, the newest edition first: an answer belongs to the one that was sent",
        parameters=[documents.path_id("survey_form_id")],
        response_model=Editions,
        responses=documents.problems(404),
    ),
)
async def list_survey_editions(request: Request) -> Response:
    call = await begin(request, "surveys:read")
    found = await service.list_editions(call, id_in_path(request.path_params["survey_form_id"]))
    return json_response({"data": found})


VERBS = Verbs(
    create_model=SurveyCreate,
    update_model=SurveyUpdate,
    create=service.create_survey,
    update=service.update_survey,
    delete=service.delete_survey,
    find=finding(SURVEYS, {"id": "id = $2::text::uuid", "name": "lower(name) = lower($2::text)"}),
)


@router.post(PATH + "/batch", **documents.batches(SURVEYS, BatchRequest, BatchAnswer))
async def batch_surveys(request: Request) -> Response:
    return await run_batch(await begin(request, None), SURVEYS, VERBS)

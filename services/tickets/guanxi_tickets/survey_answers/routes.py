"""Answers over HTTP, for those who see the tickets that they are about."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, history, reads
from guanxi_shared.calls import begin
from guanxi_tickets.survey_answers.resources import ANSWERS

router = APIRouter(tags=["surveys"])
PATH = "/v1/survey-answers"
ONE = PATH + "/{survey_id}"


@router.get(PATH, **documents.lists(ANSWERS))
async def list_survey_answers(request: Request) -> Response:
    return await reads.list_records(await begin(request, "tickets:read"), ANSWERS)


@router.post(PATH + "/search", **documents.searches(ANSWERS))
async def search_survey_answers(request: Request) -> Response:
    return await reads.search_records(await begin(request, "tickets:read"), ANSWERS)


@router.get(ONE, **documents.gets(ANSWERS))
async def get_survey_answer(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    answer_id = request.path_params["survey_id"]
    if request.scope["query_string"] and (moment := history.as_of_instant(call)) is not None:
        return await history.get_as_of(call, ANSWERS, answer_id, moment)
    return await reads.get_record(call, ANSWERS, answer_id)


@router.get(ONE + "/history", **documents.histories(ANSWERS))
async def get_survey_answer_history(request: Request) -> Response:
    call = await begin(request, "tickets:read")
    return await history.get_history(call, ANSWERS, request.path_params["survey_id"])

"""Results over HTTP."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.json_answers import JSON_OPTIONS
from guanxi_tickets.survey_results.asked import asked_of, parameters
from guanxi_tickets.survey_results.schemas import Results
from guanxi_tickets.survey_results.service import read_results

router = APIRouter(tags=["surveys"])


@router.get(
    "/v1/surveys/{survey_form_id}/results",
    **documents.operation(
        "get_survey_results",
        "What came of a survey by period, with intervals, and the documents that find the rows",
        parameters=[documents.path_id("survey_form_id"), *parameters()],
        response_model=Results,
        responses=documents.problems(404),
    ),
)
async def get_survey_results(request: Request) -> Response:
    call = await begin(request, "surveys:read")
    survey_id = id_in_path(request.path_params["survey_form_id"])
    found = await read_results(call, survey_id, asked_of(call))
    return Response(
        orjson.dumps(found, option=JSON_OPTIONS, default=str), media_type="application/json"
    )

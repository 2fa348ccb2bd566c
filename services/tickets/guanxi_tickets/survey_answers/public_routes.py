"""A survey for whoever has its link: read without signing in, answered once.

Reading writes nothing, not even with `?score=` in the address: mail scanners follow links before people do.
"""

from typing import Any, TypeVar

import orjson
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import documents, writes
from guanxi_shared.calls import read_body
from guanxi_shared.errors import UnsupportedMedia
from guanxi_shared.json_answers import JSON_OPTIONS
from guanxi_tickets.survey_answers import public
from guanxi_tickets.survey_answers.schemas import Partial, PublicSurvey, PublicThanks, Submission
from guanxi_tickets.survey_answers.visits import begin_visit

router = APIRouter(tags=["public"])
PATH = "/v1/public/surveys/{token}"
MOST_BYTES = 262_144
TOKEN = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}
LANGUAGE = documents.query_parameter(
    "lang", "string", "The language of the questions; else what Accept-Language says."
)
SCORE = documents.query_parameter(
    "score", "string", "What a button in the mail means; shown as `suggested`, kept by nobody."
)
Model = TypeVar("Model", bound=BaseModel)


def _public(
    operation_id: str, summary: str, *, parameters: tuple[Any, ...] = (), **more: Any
) -> dict[str, Any]:
    found = documents.operation(
        operation_id, summary, parameters=[TOKEN, LANGUAGE, *parameters], **more
    )
    found["openapi_extra"]["security"] = []
    return found


@router.get(
    PATH,
    **_public(
        "get_public_survey",
        "What is asked, and what is saved of the answers; reading writes nothing",
        parameters=(SCORE,),
        response_model=PublicSurvey,
        responses=documents.problems(404, 410),
    ),
)
async def get_public_survey(request: Request) -> Response:
    visit = begin_visit(request)
    return _answer(await public.show(visit, request.query_params.get("score")))


@router.put(
    PATH,
    **_public(
        "save_public_survey",
        "Save what is answered so far, in the place of what was saved before",
        body=Partial,
        response_model=PublicSurvey,
        responses=documents.problems(404, 410, 413, 415, 422),
    ),
)
async def save_public_survey(request: Request) -> Response:
    visit = begin_visit(request)
    return _answer(await public.save(visit, await _sent(request, Partial)))


@router.post(
    PATH + "/submit",
    **_public(
        "submit_public_survey",
        "Hand the answers in, once",
        body=Submission,
        response_model=PublicThanks,
        responses=documents.problems(404, 410, 413, 415, 422),
    ),
)
async def submit_public_survey(request: Request) -> Response:
    visit = begin_visit(request)
    return _answer(await public.submit(visit, await _sent(request, Submission)))


async def _sent(request: Request, model: type[Model]) -> Model:
    if "json" not in request.headers.get("content-type", "application/json"):
        raise UnsupportedMedia("Send application/json.")
    return writes.parse(model, await read_body(request, MOST_BYTES) or b"{}")


def _answer(found: dict[str, Any]) -> Response:
    headers = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    body = orjson.dumps(found, option=JSON_OPTIONS)
    return Response(body, media_type="application/json", headers=headers)

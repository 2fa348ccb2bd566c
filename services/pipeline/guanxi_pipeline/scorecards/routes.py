"""The scorecard over HTTP, and the score of one lead."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.scorecards import service
from guanxi_pipeline.scorecards.schemas import ScorecardRead, ScorecardUpdate, ScoreRead
from guanxi_shared import documents, writes
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.records import state_bytes

router = APIRouter(tags=["leads"])
PATH = "/v1/leads/scorecard"


@router.get(
    PATH,
    **documents.operation(
        "get_lead_scorecard",
        "What makes a good lead: criteria and questions with their points",
        response_model=ScorecardRead,
        responses=documents.problems(),
    ),
)
async def get_lead_scorecard(request: Request) -> Response:
    state = await service.get_scorecard(await begin(request, "leads:read"))
    headers = {"etag": writes.etag_of(state)}
    return Response(state_bytes(state), media_type="application/json", headers=headers)


@router.patch(
    PATH,
    **documents.operation(
        "update_lead_scorecard",
        "Change the scorecard (managers); open leads are then scored anew by a job",
        parameters=[documents.IF_MATCH],
        body=ScorecardUpdate,
        response_model=ScorecardRead,
        responses=documents.problems(409, 412, 413, 415, 422),
    ),
)
async def update_lead_scorecard(request: Request) -> Response:
    call = await begin(request, "leads:assign")
    version, raw = writes.wanted_version(call), await call.body()
    data = writes.parse(ScorecardUpdate, raw)
    return await writes.act(
        call, lambda connection: service.update_scorecard(call, connection, data, version), raw=raw
    )


@router.get(
    "/v1/leads/{lead_id}/score",
    **documents.operation(
        "get_lead_score",
        "A lead's score and the evidence that sums to it",
        parameters=[documents.path_id("lead_id")],
        response_model=ScoreRead,
        responses=documents.problems(404),
    ),
)
async def get_lead_score(request: Request) -> Response:
    call = await begin(request, "leads:read")
    found = await service.get_score(call, id_in_path(request.path_params["lead_id"]))
    return Response(orjson.dumps(found, option=orjson.OPT_UTC_Z), media_type="application/json")

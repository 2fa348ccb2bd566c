"""The board over HTTP."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.board.asked import asked_of, parameters
from guanxi_pipeline.board.schemas import Board
from guanxi_pipeline.board.service import read_board
from guanxi_pipeline.opportunities.stays import as_json
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.identifiers import id_in_path

router = APIRouter(tags=["pipelines"])


@router.get(
    "/v1/pipelines/{pipeline_id}/board",
    **documents.operation(
        "get_pipeline_board",
        "Each stage's count, sums (per currency and converted) and first cards; takes a list's filters",
        parameters=[documents.path_id("pipeline_id"), *parameters()],
        response_model=Board,
        responses=documents.problems(404, 422),
    ),
)
async def get_pipeline_board(request: Request) -> Response:
    call = await begin(request, "opportunities:read")
    pipeline_id = id_in_path(request.path_params["pipeline_id"])
    found = await read_board(call, pipeline_id, await asked_of(call))
    return Response(as_json(found), media_type="application/json")

"""Win probability over HTTP: of a pipeline's model, and of one deal."""

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_pipeline.win_model import service
from guanxi_pipeline.win_model.schemas import WinModelRead, WinProbability
from guanxi_shared.calls import begin
from guanxi_shared.db import Connection
from guanxi_shared.documents import IDEMPOTENCY_KEY, operation, path_id, problems
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.job_routes import JobRead, find_job, shown

router = APIRouter(tags=["win probability"])
MODEL = "/v1/pipelines/{pipeline_id}/win-model"


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z, default=str)


@router.post(
    MODEL + "/train",
    **operation("train_win_model", "Learn anew what wins in this pipeline, and compare it with what you have",
                parameters=[path_id("pipeline_id"), IDEMPOTENCY_KEY], response_model=JobRead,
                status_code=202, responses=problems(404, 409, 413, 415, 422)),
)  # fmt: skip
async def train_win_model(request: Request) -> Response:
    call = await begin(request, "pipelines:update")
    pipeline_id = id_in_path(request.path_params["pipeline_id"])

    async def work(connection: Connection) -> Answer:
        job_id = await service.start_training(call, connection, pipeline_id)
        job = await find_job(call, connection, job_id)
        return Answer(202, _json(shown(job)), {"location": f"/v1/jobs/{job_id}"})

    return await answer_once(call, work, fingerprint_of=await call.body())


@router.get(
    MODEL,
    **operation("get_win_model", "The learnt model beside your win rate and your stages' probabilities",
                parameters=[path_id("pipeline_id")], response_model=WinModelRead,
                responses=problems(404)),
)  # fmt: skip
async def get_win_model(request: Request) -> Response:
    call = await begin(request, "pipelines:read")
    pipeline_id = id_in_path(request.path_params["pipeline_id"])
    found = await service.read_win_model(call, pipeline_id)
    return Response(_json(found), media_type="application/json")


@router.delete(
    MODEL,
    **operation("end_win_model", "Take the model out of use", parameters=[path_id("pipeline_id")],
                response_model=WinModelRead, responses=problems(404)),
)  # fmt: skip
async def end_win_model(request: Request) -> Response:
    call = await begin(request, "pipelines:update")
    pipeline_id = id_in_path(request.path_params["pipeline_id"])
    async with call.db.transaction(call.organisation) as connection:
        await service.end_win_model(call, connection, pipeline_id)
    found = await service.read_win_model(call, pipeline_id)
    return Response(_json(found), media_type="application/json")


@router.get(
    "/v1/opportunities/{opportunity_id}/win-probability",
    **operation("get_win_probability", "How likely a deal is won: by its stage, by hand, and learnt, with why",
                parameters=[path_id("opportunity_id")], response_model=WinProbability,
                responses=problems(404)),
)  # fmt: skip
async def get_win_probability(request: Request) -> Response:
    call = await begin(request, "opportunities:read")
    found = await service.read_win_probability(
        call, id_in_path(request.path_params["opportunity_id"])
    )
    return Response(_json(found), media_type="application/json")

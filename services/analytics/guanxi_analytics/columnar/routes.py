"""`/v1/analytics/snapshots`: facts as columns, of which moment, and whether the sums agree."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.columnar.reading import read_snapshots
from guanxi_analytics.columnar.schemas import Snapshot, Snapshots
from guanxi_analytics.columnar.snapshotting import KIND
from guanxi_analytics.sources.asking import ask_for_job
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.errors import NotFound
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.job_routes import JobRead
from guanxi_shared.json_answers import JSON_OPTIONS

router = APIRouter(tags=["analytics"])


@router.get(
    "/v1/analytics/snapshots",
    **documents.operation(
        "list_fact_snapshots", "The last snapshots of facts as columns, the newest first",
        response_model=Snapshots, responses=documents.problems(),
    ),
)  # fmt: skip
async def list_snapshots(request: Request) -> Response:
    call = await begin(request, "analytics:update")
    return _json({"data": await read_snapshots(call)})


@router.get(
    "/v1/analytics/snapshots/{id}",
    **documents.operation(
        "get_fact_snapshot", "A snapshot: its files, of which moment, features computed and sums checked",
        parameters=[documents.path_id("id")], response_model=Snapshot, responses=documents.problems(404),
    ),
)  # fmt: skip
async def get_snapshot(request: Request) -> Response:
    call = await begin(request, "analytics:update")
    found = await read_snapshots(call, id_in_path(request.path_params["id"]))
    if not found:
        raise NotFound("There is no snapshot of that id; the last ten are kept.")
    return _json(found[0])


@router.post(
    "/v1/analytics/snapshots",
    status_code=202,
    **documents.operation(
        "snapshot_facts", "Make a snapshot now; a job. The worker does so once a day",
        response_model=JobRead, responses=documents.problems(409),
    ),
)  # fmt: skip
async def snapshot_facts(request: Request) -> Response:
    return await ask_for_job(await begin(request, "analytics:update"), KIND)


def _json(found: object) -> Response:
    return Response(
        orjson.dumps(found, option=JSON_OPTIONS, default=str), media_type="application/json"
    )

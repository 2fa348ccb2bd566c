"""`/v1/analytics/snapshots`: facts as columns, of which moment, and whether the sums agree."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.columnar.snapshotting import KIND, shown
from guanxi_analytics.sources.asking import ask_for_job
from guanxi_shared import documents
from guanxi_shared.calls import Call, begin
from guanxi_shared.db import bound
from guanxi_shared.errors import NotFound
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.job_routes import JobRead
from guanxi_shared.reads import JSON_OPTIONS

router = APIRouter(tags=["analytics"])
READ: Final = """
SELECT id, made_at, watermark::text, rows, months::text, engine, code_version, features::text, compared::text
FROM fact_snapshots WHERE organisation_id = $2 AND ($3::uuid IS NULL OR id = $3) ORDER BY made_at DESC, id DESC
"""


class MonthOfSales(BaseModel):
    month: str
    file: str
    rows: int


class FeatureMade(BaseModel):
    """`digest` is of the values: the same whatever engine computed them."""

    rows: int
    digest: str
    seconds: float


class SumsHeld(BaseModel):
    """Customers whose kept sums were held against sums made anew; `differ` is 0, or something is wrong with us."""

    compared: int
    differ: int
    examples: list[str]


class Snapshot(BaseModel):
    """`watermark`: how many changes of each source's facts it holds. Files never change and are named by their content."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f52", "made_at": "2026-11-02T03:00:00Z",
                "watermark": {"contacts": 211, "pipeline": 4211, "tickets": 96}, "rows": 1204,
                "months": [
                    {
                        "month": "2026-10", "rows": 1204,
                        "file": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f53/sales/2026-10-8a6b0c2d4e6f8a6b0c2d4e6f.parquet",
                    }
                ],
                "engine": "duckdb", "code_version": 711287,
                "features": {"cohorts": {"rows": 10, "digest": "9c30423756ca", "seconds": 0.04}},
                "compared": {"compared": 118, "differ": 0, "examples": []},
            }
        }
    )  # fmt: skip

    id: UUID
    made_at: datetime
    watermark: dict[str, int]
    rows: int
    months: list[MonthOfSales]
    engine: str
    code_version: int
    features: dict[str, FeatureMade]
    compared: SumsHeld | None


class Snapshots(BaseModel):
    data: list[Snapshot]


@router.get(
    "/v1/analytics/snapshots",
    **documents.operation(
        "list_fact_snapshots", "The last snapshots of facts as columns, the newest first",
        response_model=Snapshots, responses=documents.problems(),
    ),
)  # fmt: skip
async def list_snapshots(request: Request) -> Response:
    call = await begin(request, "analytics:update")
    return _json({"data": await _read(call)})


@router.get(
    "/v1/analytics/snapshots/{id}",
    **documents.operation(
        "get_fact_snapshot", "A snapshot: its files, of which moment, features computed and sums checked",
        parameters=[documents.path_id("id")], response_model=Snapshot, responses=documents.problems(404),
    ),
)  # fmt: skip
async def get_snapshot(request: Request) -> Response:
    call = await begin(request, "analytics:update")
    found = await _read(call, id_in_path(request.path_params["id"]))
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


async def _read(call: Call, id: UUID | None = None) -> list[dict[str, Any]]:
    rows = await call.db.pool.fetch(bound(READ), str(call.organisation), call.organisation, id)
    found = [shown(dict(row)) for row in rows]
    return [each | {"compared": each["compared"] or None} for each in found]


def _json(found: object) -> Response:
    return Response(
        orjson.dumps(found, option=JSON_OPTIONS, default=str), media_type="application/json"
    )

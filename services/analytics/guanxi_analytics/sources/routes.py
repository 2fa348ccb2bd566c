"""`/v1/analytics/sources` and `/v1/analytics/rebuild`."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from guanxi_analytics.sources.asking import ask_for_job
from guanxi_analytics.sources.reading import read_sources
from guanxi_analytics.sources.rebuilding import KIND
from guanxi_shared import documents
from guanxi_shared.calls import begin
from guanxi_shared.job_routes import JobRead
from guanxi_shared.json_answers import json_response

router = APIRouter(tags=["analytics"])


class SourceRead(BaseModel):
    """`lag` counts the events of the source, of all organisations, that are not applied here yet; null
    while it cannot be asked."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "source": "pipeline", "position": 4211, "head": 4211, "lag": 0,
                "epoch": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f52", "is_reachable": True,
                "is_up_to_date": True, "applied_at": "2026-11-02T08:00:00Z",
            }
        }
    )  # fmt: skip

    source: str
    position: int
    head: int | None
    lag: int | None
    epoch: UUID | None
    is_reachable: bool
    is_up_to_date: bool
    applied_at: datetime | None


class Sources(BaseModel):
    data: list[SourceRead]


@router.get(
    "/v1/analytics/sources",
    **documents.operation(
        "list_analytics_sources",
        "How far each service's feed has been heard",
        response_model=Sources,
        responses=documents.problems(),
    ),
)
async def list_sources(request: Request) -> Response:
    call = await begin(request, "analytics:read")
    return json_response({"data": await read_sources(call.house)})


@router.post(
    "/v1/analytics/rebuild",
    status_code=202,
    **documents.operation(
        "rebuild_analytics",
        "Forget all facts of the organisation and hear them again from the feeds; a job",
        response_model=JobRead,
        responses=documents.problems(409),
    ),
)
async def rebuild_analytics(request: Request) -> Response:
    """Answers are given from the old facts until the new ones are whole."""
    call = await begin(request, "analytics:update")
    return await ask_for_job(call, KIND)

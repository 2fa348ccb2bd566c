"""Alive, ready, and measured: what a supervisor, a load balancer and Prometheus ask."""

import contextlib
from typing import Final

import asyncpg
import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from guanxi_shared import metrics
from guanxi_shared.calls import house
from guanxi_shared.jobs import queue_counts
from guanxi_shared.running_jobs import PASSING

FIGURES: Final = (
    "figures"  # in `House.more`: what else a service reads when it is asked for metrics
)


def health_router() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/health/live")
    async def live() -> Response:
        return _json({"status": "ok"})

    @router.get("/health/ready")
    async def ready(request: Request) -> Response:
        """503 while the database is away or the schema is not there; other services do not count."""
        here = house(request)
        try:
            await here.db.ping()
            waiting, seconds = await here.feed.lag()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return _json({"status": "unavailable", "detail": str(error)}, 503)
        metrics.set_feed_lag("events", positions=waiting, seconds=seconds)
        return _json(
            {"status": "ok", "feed": {"waiting": waiting, "oldest_seconds": round(seconds, 3)}}
        )

    @router.get("/metrics")
    async def read_metrics(request: Request) -> Response:
        more = b""
        with contextlib.suppress(*PASSING):  # without the database: all else is still worth a look
            async with house(request).db.pool.acquire(timeout=2) as connection:
                metrics.set_jobs(await queue_counts(connection))
                for read in house(request).more.get(FIGURES, ()):
                    more += metrics.exposed(await read(connection))
        body, content_type = metrics.render()
        return Response(body + more, media_type=content_type)

    return router


def _json(body: object, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")

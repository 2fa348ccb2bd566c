"""All routes of analytics."""

from typing import Final

from fastapi import APIRouter

from guanxi_analytics.customers.routes import router as customers
from guanxi_analytics.queries.routes import router as queries
from guanxi_analytics.sources.routes import router as sources
from guanxi_shared.job_routes import jobs_router

ROUTERS: Final[tuple[APIRouter, ...]] = (queries, sources, customers, jobs_router())

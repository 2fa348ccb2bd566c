"""All routes of analytics."""

from typing import Final

from fastapi import APIRouter

from guanxi_analytics.campaigns.routes import router as campaigns
from guanxi_analytics.churn.routes import router as churn
from guanxi_analytics.cohorts.routes import router as cohorts
from guanxi_analytics.columnar.routes import router as snapshots
from guanxi_analytics.contracts.routes import router as contracts
from guanxi_analytics.customers.routes import router as customers
from guanxi_analytics.lifecycle.routes import router as lifecycle
from guanxi_analytics.monthly.routes import router as monthly
from guanxi_analytics.passports.routes import router as passports
from guanxi_analytics.products.routes import router as products
from guanxi_analytics.promotion.routes import router as promotion
from guanxi_analytics.queries.routes import router as queries
from guanxi_analytics.referrals.routes import router as referrals
from guanxi_analytics.reports.routes import router as reports
from guanxi_analytics.retention.routes import router as retention
from guanxi_analytics.risk.routes import router as risk
from guanxi_analytics.satisfaction.routes import router as satisfaction
from guanxi_analytics.schedules.routes import router as schedules
from guanxi_analytics.sources.routes import router as sources
from guanxi_analytics.value_matrix.routes import router as value_matrix
from guanxi_shared.job_routes import jobs_router

ROUTERS: Final[tuple[APIRouter, ...]] = (
    queries,
    reports,
    monthly,
    schedules,
    sources,
    snapshots,
    customers,
    value_matrix,
    passports,
    churn,
    cohorts,
    retention,
    contracts,
    lifecycle,
    risk,
    referrals,
    satisfaction,
    products,
    promotion,
    campaigns,
    jobs_router(),
)

"""Saved views over HTTP."""

from guanxi_pipeline.resources import VIEWED, VIEWS
from guanxi_pipeline.views.schemas import ViewCreate
from guanxi_shared.views.routes import views_router

router = views_router(VIEWS, VIEWED, ViewCreate)

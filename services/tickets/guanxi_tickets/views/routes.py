"""Saved views over HTTP."""

from guanxi_shared.views.routes import views_router
from guanxi_tickets.resources import VIEWED, VIEWS
from guanxi_tickets.views.schemas import ViewCreate

router = views_router(VIEWS, VIEWED, ViewCreate)

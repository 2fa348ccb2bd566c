"""Saved views over HTTP."""

from guanxi_contacts.resources import VIEWED
from guanxi_contacts.views.resources import VIEWS
from guanxi_contacts.views.schemas import ViewCreate
from guanxi_shared.views.routes import views_router

router = views_router(VIEWS, VIEWED, ViewCreate)

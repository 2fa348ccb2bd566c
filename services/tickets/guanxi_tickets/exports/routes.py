"""Exports over HTTP."""

from guanxi_shared.exports.routes import exports_router
from guanxi_tickets.exports.tables import TABLES

router = exports_router(TABLES)

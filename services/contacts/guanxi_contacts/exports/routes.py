"""Exports over HTTP."""

from guanxi_contacts.exports.tables import TABLES
from guanxi_shared.exports.routes import exports_router

router = exports_router(TABLES)

"""Exports over HTTP."""

from guanxi_pipeline.exports.tables import TABLES
from guanxi_shared.exports.routes import exports_router

router = exports_router(TABLES)

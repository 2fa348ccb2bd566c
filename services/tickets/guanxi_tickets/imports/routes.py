"""Imports over HTTP."""

from guanxi_shared.imports.routes import imports_router
from guanxi_tickets.imports.schemas import ImportUpload
from guanxi_tickets.imports.taking import IMPORTED

router = imports_router(IMPORTED, ImportUpload)

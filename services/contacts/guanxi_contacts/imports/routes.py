"""Imports over HTTP."""

from guanxi_contacts.imports.schemas import ImportUpload
from guanxi_contacts.imports.taking import IMPORTED
from guanxi_shared.imports.routes import imports_router

router = imports_router(IMPORTED, ImportUpload)

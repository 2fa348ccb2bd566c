"""Resumable uploads over HTTP, as every service speaks them."""

from guanxi_contacts.uploads.kinds import UPLOADS
from guanxi_shared.tus.routes import uploads_router

router = uploads_router(UPLOADS)

"""Resumable uploads over HTTP, as every service speaks them."""

from guanxi_shared.tus.routes import uploads_router
from guanxi_tickets.uploads.kinds import UPLOADS

router = uploads_router(UPLOADS)

"""The part of tickets in offline sync, as the gateway asks for it."""

from guanxi_shared.sync.routes import sync_router
from guanxi_tickets.sync.tables import SYNC_COMMENTS, SYNC_TICKETS

router = sync_router(SYNC_TICKETS, SYNC_COMMENTS)

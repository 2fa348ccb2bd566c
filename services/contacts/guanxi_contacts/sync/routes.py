"""The part of contacts in offline sync, as the gateway asks for it."""

from guanxi_contacts.sync.tables import SYNC_ACCOUNTS, SYNC_ACTIVITIES, SYNC_CONTACTS
from guanxi_shared.sync.routes import sync_router

router = sync_router(SYNC_ACCOUNTS, SYNC_CONTACTS, SYNC_ACTIVITIES)

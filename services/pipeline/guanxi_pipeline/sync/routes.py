"""The part of pipeline in offline sync, as the gateway asks for it."""

from guanxi_pipeline.sync.tables import SYNC_OPPORTUNITIES, SYNC_PRODUCTS
from guanxi_shared.sync.routes import sync_router

router = sync_router(SYNC_PRODUCTS, SYNC_OPPORTUNITIES)

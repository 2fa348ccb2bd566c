"""Uploads that nobody went on with, every hour."""

from guanxi_shared.db import Database
from guanxi_shared.schedules import schedule
from guanxi_shared.tus.sweeping import sweep
from guanxi_tickets.settings import settings


@schedule("23 * * * *", name="sweep-ticket-uploads")
async def sweep_uploads(database: Database) -> None:
    await sweep(database, settings())

"""Uploads that nobody went on with, every hour."""

from guanxi_contacts.settings import settings
from guanxi_shared.db import Database
from guanxi_shared.schedules import schedule
from guanxi_shared.tus.sweeping import sweep


@schedule("17 * * * *", name="sweep-uploads")
async def sweep_uploads(database: Database) -> None:
    await sweep(database, settings())

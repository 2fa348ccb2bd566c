"""Addresses that sent a form are forgotten when the limit does not need them any more."""

from guanxi_shared.db import Database
from guanxi_shared.schedules import delete_expired, schedule


@schedule("41 * * * *", name="sweep-form-hits")
async def sweep_form_hits(database: Database) -> None:
    await delete_expired(database, "lead_form_hits")

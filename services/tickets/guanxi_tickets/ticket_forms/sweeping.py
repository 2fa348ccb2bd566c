"""Addresses that sent a form, or did something by a link, are forgotten when no limit needs them any more."""

from guanxi_shared.db import Database
from guanxi_shared.schedules import delete_expired, schedule


@schedule("43 * * * *", name="sweep-ticket-form-hits")
async def sweep_ticket_form_hits(database: Database) -> None:
    await delete_expired(database, "ticket_form_hits")

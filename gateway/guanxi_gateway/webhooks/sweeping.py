"""The log of deliveries is kept for so many days."""

from typing import Final

from guanxi_gateway.webhooks.settings import WebhookSettings
from guanxi_shared.db import Database
from guanxi_shared.schedules import rostered, schedule

AT_ONCE: Final = 5_000
FINISHED = """
DELETE FROM webhook_deliveries WHERE organisation_id = $1 AND id IN (
  SELECT id FROM webhook_deliveries WHERE organisation_id = $1 AND status <> 'waiting'
    AND finished_at < clock_timestamp() - $2::int * interval '1 day' LIMIT $3)
"""


@schedule("37 2 * * *", name="delete-old-webhook-deliveries")
async def delete_old_deliveries(database: Database) -> None:
    """Finished ones, with their attempts; what waits is kept however old it is."""
    days = WebhookSettings().log_days
    for organisation_id in dict.fromkeys(await rostered(database, "webhook_turns")):
        deleted = AT_ONCE
        while deleted == AT_ONCE:
            async with database.transaction(organisation_id) as connection:
                done = await connection.execute(FINISHED, organisation_id, days, AT_ONCE)
            deleted = int(done.removeprefix("DELETE "))

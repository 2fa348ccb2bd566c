"""Bytes of files on tickets that nobody needs any more, every night."""

from typing import Final

from guanxi_shared.db import Database
from guanxi_shared.files import sweeping
from guanxi_shared.files.sweeping import Sweeping
from guanxi_shared.schedules import schedule
from guanxi_tickets.settings import settings

TABLES: Final = ("ticket_files", "ticket_note_files")
PURGE = """
DELETE FROM {table} f WHERE f.organisation_id = $1 AND f.deleted_at < now() - make_interval(days => $2)
  AND f.erased_at IS NULL RETURNING blob_id, storage
"""
SWEEPING: Final = Sweeping(TABLES, tuple(PURGE.format(table=table) for table in TABLES))


@schedule("53 2 * * *", name="sweep-ticket-files")
async def sweep_ticket_files(database: Database) -> None:
    await sweeping.sweep(database, settings(), SWEEPING)

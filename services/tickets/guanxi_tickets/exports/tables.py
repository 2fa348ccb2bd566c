"""How the records of tickets stand in tables, and the jobs about their files."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.db import Database
from guanxi_shared.exports.tables import LookUp, Names, Row, Tables, names_seen
from guanxi_shared.exports.writing import delete_transfers, write_file
from guanxi_shared.kept_filters import Errand
from guanxi_shared.running_jobs import RunningJob
from guanxi_shared.schedules import schedule
from guanxi_tickets.exports import rules
from guanxi_tickets.exports.schemas import ExportRequest
from guanxi_tickets.resources import EXPORTED
from guanxi_tickets.settings import settings

NAMES = """
SELECT id, name, owner_id, team_id FROM {table} WHERE organisation_id = $2 AND id = ANY($3::uuid[])
"""
SETTINGS: Final = {
    "category": "article_categories", "calendar": "business_calendars", "sla_policy": "sla_policies",
    "survey": "surveys",
}  # fmt: skip
SETTING_NAMES: Final = (
    "SELECT id, name FROM {table} WHERE organisation_id = $2 AND id = ANY($3::uuid[])"
)
COPIES: Final = {
    "account": ("known_accounts", "accounts"),
    "requester": ("known_contacts", "contacts"),
    "contact": ("known_contacts", "contacts"),
}


async def _looking_up(asker: Call | Errand) -> LookUp:
    """Names of accounts and people as far as the caller may read those; of settings, which everybody reads."""

    async def look_up(rows: Sequence[Row]) -> Names:
        found = {}
        for noun, (table, resource) in COPIES.items():
            ids = {UUID(id) for row in rows if (id := row.get(f"{noun}_id"))}
            found[noun] = await names_seen(asker, NAMES.format(table=table), ids, resource)
        for noun, table in SETTINGS.items():
            if ids := {UUID(id) for row in rows if (id := row.get(f"{noun}_id"))}:
                asked = (SETTING_NAMES.format(table=table), asker.organisation, list(ids))
                known = await asker.db.fetch(asker.organisation, *asked)
                found[noun] = {str(row["id"]): row["name"] for row in known}
        return found

    return look_up


TABLES: Final = Tables(
    resources={resource.name: resource for resource in EXPORTED},
    request=ExportRequest,
    wide=rules.WIDE,
    flat=rules.flat,
    looking_up=_looking_up,
)


async def write_export(job: RunningJob) -> None:
    await write_file(job, TABLES, settings().files_dir)


@schedule("41 2 * * *", name="delete-old-transfers")
async def delete_old_transfers(database: Database) -> None:
    await delete_transfers(database, settings().files_dir)

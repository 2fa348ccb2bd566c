"""How tickets stand in tables, and the jobs about their files."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.db import Database
from guanxi_shared.exports.tables import LookUp, Names, Row, Tables
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
COPIES: Final = {"account": "known_accounts", "requester": "known_contacts"}


async def _looking_up(asker: Call | Errand) -> LookUp:
    """Names of accounts and people as far as the caller may see those."""
    organisation = asker.organisation
    scopes = {
        "account": await asker.scope("accounts"),
        "requester": await asker.scope("contacts"),
    }

    async def look_up(rows: Sequence[Row]) -> Names:
        return {noun: await seen(noun, rows) for noun in COPIES}

    async def seen(noun: str, rows: Sequence[Row]) -> dict[str, str]:
        ids = [UUID(id) for id in {row.get(f"{noun}_id") for row in rows} if id]
        if not ids:
            return {}
        sql, scope = NAMES.format(table=COPIES[noun]), scopes[noun]
        found = await asker.db.fetch(organisation, sql, organisation, ids)
        return {
            str(row["id"]): row["name"]
            for row in found
            if scope.covers(id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"])
        }

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

"""How accounts, contacts and activities stand in tables."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_contacts.exports import rules
from guanxi_contacts.exports.schemas import ExportRequest
from guanxi_contacts.resources import ACCOUNTS, EXPORTED
from guanxi_contacts.settings import settings
from guanxi_shared.calls import Call
from guanxi_shared.db import Database
from guanxi_shared.exports.tables import LookUp, Names, Row, Tables, names_seen
from guanxi_shared.exports.writing import delete_transfers, write_file
from guanxi_shared.kept_filters import Errand
from guanxi_shared.running_jobs import RunningJob
from guanxi_shared.schedules import schedule

ACCOUNT_NAMES = """
SELECT id, name, owner_id, team_id FROM accounts WHERE organisation_id = $2 AND id = ANY($3::uuid[])
"""


async def _looking_up(asker: Call | Errand) -> LookUp:
    """Names of accounts that rows point at, as far as the caller may read those too."""

    async def look_up(rows: Sequence[Row]) -> Names:
        wanted = [UUID(each) for each in rules.named_accounts(rows)]
        return {"account": await names_seen(asker, ACCOUNT_NAMES, wanted, ACCOUNTS.name)}

    return look_up


def _flat(row: Mapping[str, Any], names: Names) -> Row:
    return rules.flat(
        row, owner=names["owner"].get, team=names["team"].get, account=names["account"].get
    )


def _card(row: Mapping[str, Any], names: Names) -> Row:
    return rules.card(row, account=names["account"].get)


TABLES: Final = Tables(
    resources={resource.name: resource for resource in EXPORTED},
    request=ExportRequest,
    wide=rules.WIDE,
    flat=_flat,
    looking_up=_looking_up,
    card=_card,
    with_cards=frozenset({"accounts", "contacts"}),  # whoever can stand in an address book
)


async def write_export(job: RunningJob) -> None:
    await write_file(job, TABLES, settings().files_dir)


@schedule("37 2 * * *", name="delete-old-transfers")
async def delete_old_transfers(database: Database) -> None:
    await delete_transfers(database, settings().files_dir)

"""How the records of pipeline stand in tables, and the jobs about their files."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from guanxi_pipeline.exports import order_rules, price_rules, quote_rules, rules
from guanxi_pipeline.exports.price_entries import spread_entries
from guanxi_pipeline.exports.schemas import ExportRequest
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.orders.resources import ORDERS
from guanxi_pipeline.price_books.resources import PRICE_BOOKS
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.resources import EXPORTED
from guanxi_pipeline.settings import settings
from guanxi_shared.calls import Call
from guanxi_shared.db import Database
from guanxi_shared.exports.tables import Lined, LookUp, Names, Row, Tables, names_seen
from guanxi_shared.exports.writing import delete_transfers, write_file
from guanxi_shared.kept_filters import Errand
from guanxi_shared.running_jobs import RunningJob
from guanxi_shared.schedules import schedule

NAMES = """
SELECT id, name, owner_id, team_id FROM {table} WHERE organisation_id = $2 AND id = ANY($3::uuid[])
"""
ACCOUNT_NAMES = NAMES.format(table="known_accounts")
DEAL_NAMES = NAMES.format(table="opportunities") + " AND deleted_at IS NULL"
PIPELINE_NAMES = "SELECT id::text AS id, name FROM pipelines WHERE organisation_id = $2"
PRODUCT_NAMES = """
SELECT id::text AS id, name FROM products WHERE organisation_id = $2 AND id = ANY($3::uuid[])
"""
STAGE_NAMES = "SELECT id::text AS id, name FROM stages WHERE organisation_id = $2"


async def _looking_up(asker: Call | Errand) -> LookUp:
    """Names of pipelines, stages and products, and of accounts and deals as far as the caller may read
    those."""
    organisation = asker.organisation
    own = {}
    for name, sql in (("pipeline", PIPELINE_NAMES), ("stage", STAGE_NAMES)):
        found = await asker.db.fetch(organisation, sql, organisation)
        own[name] = {row["id"]: row["name"] for row in found}

    async def look_up(rows: Sequence[Row]) -> Names:
        accounts, deals = (
            _ids(rules.named_in(rows, "account_id")),
            _ids(quote_rules.named_deals(rows)),
        )
        products = _ids(rules.named_in(rows, "product_id"))
        sold = (
            await asker.db.fetch(organisation, PRODUCT_NAMES, organisation, products)
            if products
            else []
        )
        return {
            **own, "account": await names_seen(asker, ACCOUNT_NAMES, accounts, "accounts"),
            "opportunity": await names_seen(asker, DEAL_NAMES, deals, OPPORTUNITIES.name),
            "product": {row["id"]: row["name"] for row in sold},
        }  # fmt: skip

    return look_up


def _ids(texts: Collection[str]) -> list[UUID]:
    return [UUID(each) for each in texts]


TABLES: Final = Tables(
    resources={resource.name: resource for resource in EXPORTED},
    request=ExportRequest,
    wide=rules.WIDE,
    flat=rules.flat,
    looking_up=_looking_up,
    lined={
        ORDERS.name: Lined(order_rules.WIDE, order_rules.flat_lines),
        QUOTES.name: Lined(quote_rules.WIDE, quote_rules.flat_lines),
        PRICE_BOOKS.name: Lined(
            {}, price_rules.flat_entry, spread=spread_entries, columns=price_rules.COLUMNS
        ),
    },
)


async def write_export(job: RunningJob) -> None:
    await write_file(job, TABLES, settings().files_dir)


@schedule("41 2 * * *", name="delete-old-transfers")
async def delete_old_transfers(database: Database) -> None:
    await delete_transfers(database, settings().files_dir)

"""Activities of a few accounts, as the service itself would store them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Table

from guanxi_contacts.activities import rules
from guanxi_contacts.activities.resources import ACTIVITIES
from guanxi_contacts.records import DEFAULTS
from guanxi_shared import bulk
from guanxi_shared.identifiers import new_id
from guanxi_shared.search import table_of
from tests.bench.loading import superuser
from tests.bench.organisation import Organisation
from tests.bench.people import words
from tests.bench.staging import encoded

TABLES = (ACTIVITIES.table, table_of(ACTIVITIES))
EACH = 200
ZONE = "Asia/Shanghai"
KINDS = words("call visit meeting email message note")
SUBJECTS = ("报价讨论", "合同细节", "样品反馈", "Quarterly review", "Delivery dates", "New contact")


async def load_dealings(
    admin_url: str, organisation: Organisation, accounts: Sequence[UUID]
) -> None:
    """Two hundred for each account over a year, the salesperson's own; nothing when they are there."""
    rows = [encoded(ACTIVITIES, row, {}) for row in dealings(organisation, accounts)]
    async with superuser(admin_url) as connection:
        if await connection.fetchval("SELECT EXISTS (SELECT FROM activities)"):
            return
        async with connection.transaction():
            for table in TABLES:
                await _copy(connection, table, rows)
        for table in TABLES:
            await connection.execute(f"VACUUM (ANALYZE) {table.name}")


async def _copy(
    connection: asyncpg.Connection, table: Table, rows: Sequence[Sequence[Any]]
) -> None:
    names = [str(column.name) for column in table.columns]
    places = [bulk.columns_of(ACTIVITIES).index(name) for name in names]
    await connection.copy_records_to_table(
        table.name, records=[tuple(row[place] for place in places) for row in rows], columns=names
    )


def dealings(organisation: Organisation, accounts: Sequence[UUID]) -> Iterator[dict[str, Any]]:
    now, dice = datetime.now(UTC), Random(11)
    for account_id in accounts:
        for number in range(EACH):
            at = now - timedelta(days=365 * (EACH - number) / EACH)
            sent = {
                "kind": dice.choice(KINDS),
                "subject": dice.choice(SUBJECTS),
                "body": f"{dice.choice(SUBJECTS)} " * 8,
                "status": "done",
                "account_ids": [account_id],
                "owner_id": organisation.seller.id,
            }
            yield _row(organisation, sent, at)


def _row(organisation: Organisation, sent: dict[str, Any], at: datetime) -> dict[str, Any]:
    columns = {**DEFAULTS[ACTIVITIES.name], **rules.columns_from(sent, None, now=at, zone=ZONE)}
    own = {"organisation_id": organisation.id, "id": new_id(), "custom": {}, "version": 1}
    times = {"created_at": at, "updated_at": at}
    found_by = {"match_keys": [], **rules.found_by(columns)}
    return {**columns, **own, **times, **found_by}
